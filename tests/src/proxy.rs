//! What a run costs where the database is far away: a proxy on the loopback that counts round trips.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Forwards connections to a server, until it is dropped.
///
/// A round trip begins whenever a client speaks and the server has had the last word, however many
/// packets either of them takes.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    round_trips: AtomicUsize,
    is_over: AtomicBool,
}

impl Proxy {
    /// One in front of the server at this address.
    ///
    /// # Errors
    ///
    /// When there is no port to listen on.
    pub fn to(server: SocketAddr) -> io::Result<Proxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.is_over.load(Ordering::SeqCst) {
                    return;
                }
                // A client that cannot be served sees its connection closed.
                let _ = client.and_then(|client| forward(client, server, &accepting));
            }
        });
        Ok(Proxy { address, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The round trips of all its connections up to now. Those of a new connection, in which client
    /// and server agree on who they are, are among them.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.shared.round_trips.load(Ordering::SeqCst)
    }

    /// The round trips while `run` runs, and what it returns.
    pub fn round_trips_of<T>(&self, run: impl FnOnce() -> T) -> (usize, T) {
        let before = self.round_trips();
        let returned = run();
        (self.round_trips() - before, returned)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a client.
        let _ = TcpStream::connect(self.address);
    }
}

/// Who of two has the last word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

fn forward(client: TcpStream, server: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    // A packet that waits for company would be told as slowness of who is measured.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let last = Arc::new(Mutex::new(Side::Server));
    let ways = [
        (Side::Client, client.try_clone()?, server.try_clone()?),
        (Side::Server, server, client),
    ];
    for (side, from, to) in ways {
        let (last, shared) = (Arc::clone(&last), Arc::clone(shared));
        thread::spawn(move || {
            // An end that is gone is seen by the other end as just that.
            let _ = copy(side, &from, &to, &last, &shared);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}

/// Copies what one side says to the other. It counts before it passes anything on, so that an answer
/// never comes before its question.
fn copy(
    side: Side,
    mut from: &TcpStream,
    mut to: &TcpStream,
    last: &Mutex<Side>,
    shared: &Shared,
) -> io::Result<()> {
    let mut buffer = [0; 64 * 1024];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if *last == Side::Server && side == Side::Client {
                shared.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            *last = side;
        }
        to.write_all(&buffer[..length])?;
    }
}
