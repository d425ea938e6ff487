//! That the proxy counts what it says: other tests rely on its numbers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use migrate_tests::proxy::Proxy;

#[test]
fn nothing_said_is_no_round_trip() {
    let proxy = Proxy::to(server("")).unwrap();
    let _silent = Client::of(&proxy);
    assert_eq!(proxy.round_trips(), 0);
}

#[test]
fn question_and_answer_are_one() {
    check(&[("a.", 1)]);
    check(&[("a.", 1), ("b.", 1), ("c.", 1)]);
}

#[test]
fn question_in_pieces_is_one() {
    let proxy = Proxy::to(server("")).unwrap();
    let mut client = Client::of(&proxy);
    let (trips, heard) = proxy.round_trips_of(|| {
        for piece in [&"x".repeat(300_000), &"y".repeat(300_000), "."] {
            client.say(piece);
        }
        client.hear(1)
    });
    assert_eq!((trips, heard[0].len()), (1, "heard ".len() + 600_000));
}

#[test]
fn questions_in_one_message_are_one() {
    check(&[("a.b.c.", 3)]);
    check(&[("a.b.c.", 3), ("d.", 1), ("e.f.", 2)]);
}

#[test]
fn answer_that_was_not_asked_for_is_none() {
    let proxy = Proxy::to(server("welcome\n")).unwrap();
    let mut client = Client::of(&proxy);
    client.hear(1);
    assert_eq!(proxy.round_trips(), 0);
    client.say("a.");
    client.hear(1);
    assert_eq!(proxy.round_trips(), 1);
}

#[test]
fn connections_are_counted_together_and_each_for_itself() {
    let proxy = Proxy::to(server("")).unwrap();
    let (mut one, mut two) = (Client::of(&proxy), Client::of(&proxy));
    for _ in 0..3 {
        // The second speaks before the first has its answer: these are two.
        one.say("a.");
        two.say("b.");
        one.hear(1);
        two.hear(1);
    }
    drop(one);
    two.say("c.");
    two.hear(1);
    assert_eq!(proxy.round_trips(), 7);
}

#[test]
fn what_is_said_arrives_and_the_end_too() {
    let proxy = Proxy::to(server("")).unwrap();
    let mut client = Client::of(&proxy);
    client.say("first.second.");
    assert_eq!(client.hear(2), ["heard first", "heard second"]);
    client.stream.shutdown(Shutdown::Write).unwrap();
    let mut rest = String::new();
    assert_eq!(client.answers.read_line(&mut rest).unwrap(), 0, "{rest}");
}

/// Says each message and hears as many answers: each message is one round trip.
fn check(messages: &[(&str, usize)]) {
    let proxy = Proxy::to(server("")).unwrap();
    let mut client = Client::of(&proxy);
    for (count, (message, answers)) in messages.iter().enumerate() {
        let (trips, heard) = proxy.round_trips_of(|| {
            client.say(message);
            client.hear(*answers)
        });
        assert_eq!((trips, heard.len()), (1, *answers), "{message}");
        assert_eq!(proxy.round_trips(), count + 1);
    }
}

/// Answers each question, up to its full stop, with a line; in two packets.
fn server(welcome: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || {
                let mut client = client.unwrap();
                client.set_nodelay(true).unwrap();
                client.write_all(welcome.as_bytes()).unwrap();
                for question in BufReader::new(client.try_clone().unwrap()).split(b'.') {
                    let question = String::from_utf8(question.unwrap()).unwrap();
                    client.write_all(b"heard ").unwrap();
                    client
                        .write_all(format!("{question}\n").as_bytes())
                        .unwrap();
                }
            });
        }
    });
    address
}

struct Client {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Client {
    fn of(proxy: &Proxy) -> Client {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        let answers = BufReader::new(stream.try_clone().unwrap());
        Client { stream, answers }
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    fn hear(&mut self, lines: usize) -> Vec<String> {
        let answers = self.answers.by_ref().lines().take(lines);
        answers.map(Result::unwrap).collect()
    }
}
