//! A server that does one statement at a time: a proxy that takes messages apart, and stops where a test
//! wants something to happen in between.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use migrate_core::Database;
use migrate_source::sql::single_statements;

/// Serves one connection. The statements of a message are sent to the server one by one, and their
/// answers put together again, so that neither side sees a difference; but that between two statements
/// there is a moment at which the server waits.
#[derive(Debug)]
pub struct Stepping {
    address: SocketAddr,
    stops: Receiver<Stop>,
}

/// A connection that stands still. What is left of the message does not reach the server when this is
/// dropped, and both ends see the connection closed.
#[derive(Debug)]
pub struct Stop {
    /// The process of the server.
    pub pid: i32,
    /// The statement that comes next. None at the end of a message: the answer to all of it is ready, and the
    /// client does not have it yet.
    pub next: Option<String>,
    /// Whether that is the first of a message, of which the server has nothing yet.
    pub is_first: bool,
    go: Sender<()>,
}

impl Stepping {
    /// One in front of the server at this address, that stops where `stops_before` says. It is asked before
    /// each statement, and at the end of each message, where there is none.
    ///
    /// # Errors
    ///
    /// When there is no port to listen on.
    pub fn to(
        server: SocketAddr,
        mut stops_before: impl FnMut(Option<&str>) -> bool + Send + 'static,
    ) -> io::Result<Stepping> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (sender, stops) = channel();
        thread::spawn(move || {
            let Ok((client, _)) = listener.accept() else {
                return;
            };
            // Whatever happens to the connection is what the test is about.
            let _ = serve(client, server, &sender, &mut stops_before);
        });
        Ok(Stepping { address, stops })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the connection stands still; `None` when it comes to its end without.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        self.stops.recv().ok()
    }
}

impl Stop {
    /// Goes on with what is left of the message, whether the client is still there or not.
    pub fn go_on(self) {
        // It is gone when the test is over.
        let _ = self.go.send(());
    }
}

fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    stops: &Sender<Stop>,
    stops_before: &mut dyn FnMut(Option<&str>) -> bool,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    server.write_all(&read_untagged(&mut client)?)?;
    let mut pid = 0;
    loop {
        let message = Message::read(&mut server)?;
        message.write(&mut client)?;
        match message.tag {
            b'K' => pid = message.number(0),
            // Asked for a password.
            b'R' if matches!(message.number(0), 3 | 5 | 10 | 11) => {
                Message::read(&mut client)?.write(&mut server)?;
            }
            b'E' => return Ok(()),
            b'Z' => break,
            _ => {}
        }
    }
    let mut is_first = true;
    let mut stand_still = |next: Option<&str>| {
        let is_first = std::mem::replace(&mut is_first, next.is_none());
        if !stops_before(next) {
            return Ok(());
        }
        let (go, went) = channel();
        let next = next.map(str::to_owned);
        let stop = Stop {
            pid,
            next,
            is_first,
            go,
        };
        let sent = stops.send(stop);
        let went = sent.is_ok() && went.recv().is_ok();
        went.then_some(())
            .ok_or_else(|| io::Error::from(ErrorKind::Interrupted))
    };
    loop {
        let message = Message::read(&mut client)?;
        if message.tag != b'Q' {
            message.write(&mut server)?;
            continue;
        }
        let sql = message.text();
        let mut ready = None;
        for statement in statements(&sql) {
            stand_still(Some(statement))?;
            Message::query(statement).write(&mut server)?;
            let mut has_failed = false;
            loop {
                let answer = Message::read(&mut server)?;
                has_failed |= answer.tag == b'E';
                if answer.tag == b'Z' {
                    ready = Some(answer);
                    break;
                }
                // A client that is gone has sent all of its message before.
                let _ = answer.write(&mut client);
            }
            if has_failed {
                break;
            }
        }
        stand_still(None)?;
        if let Some(ready) = ready {
            ready.write(&mut client)?;
        }
    }
}

/// The statements of a message, with the comments before each; the whole message where there is none.
fn statements(sql: &str) -> Vec<&str> {
    let all = single_statements(sql, Database::Postgres);
    let mut begin = 0;
    let pieces = all.iter().map(|statement| {
        let end = statement.offset + statement.text.len();
        let piece = &sql[begin..end];
        begin = end;
        piece
    });
    let mut pieces: Vec<&str> = pieces.collect();
    // A `;` that was put on a line of its own is no statement.
    pieces.retain(|piece| piece.trim() != ";");
    if pieces.is_empty() { vec![sql] } else { pieces }
}

/// A message of the protocol. Its length includes itself, but not the tag.
struct Message {
    tag: u8,
    body: Vec<u8>,
}

impl Message {
    fn read(from: &mut TcpStream) -> io::Result<Message> {
        let mut tag = [0];
        from.read_exact(&mut tag)?;
        let mut body = read_untagged(from)?;
        body.drain(..4);
        Ok(Message { tag: tag[0], body })
    }

    fn write(&self, to: &mut TcpStream) -> io::Result<()> {
        let mut bytes = vec![self.tag];
        bytes.extend(length(self.body.len()).to_be_bytes());
        bytes.extend(&self.body);
        to.write_all(&bytes)
    }

    fn query(sql: &str) -> Message {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        Message { tag: b'Q', body }
    }

    fn text(&self) -> String {
        let text = self.body.strip_suffix(&[0]).unwrap_or(&self.body);
        String::from_utf8_lossy(text).into_owned()
    }

    fn number(&self, at: usize) -> i32 {
        let bytes = self.body.get(at..at + 4);
        bytes.map_or(0, |bytes| {
            i32::from_be_bytes(bytes.try_into().expect("four bytes"))
        })
    }
}

fn length(body: usize) -> u32 {
    u32::try_from(body + 4).expect("a message is not that long")
}

/// A message without a tag, as the first one of a client is, its length included.
fn read_untagged(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    from.read_exact(&mut bytes)?;
    let length = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    bytes.resize(length as usize, 0);
    from.read_exact(&mut bytes[4..])?;
    Ok(bytes)
}
