//! A store at a distance: an embedded one answers sooner than any that a network leads to.
//!
//! Threads that block, not tasks: tokio's clock has no time shorter than a millisecond, the system's
//! has.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the store takes at the least. DynamoDB answers in milliseconds of one digit, of which this is
/// less than the middle. <https://aws.amazon.com/dynamodb/features/>
pub const DISTANCE: Duration = Duration::from_millis(4);

/// As much as is passed on at once: any answer to a `PutItem` fits.
const PIECE: usize = 64 * 1024;

/// Listens on any free port, for the store at this `http` address; gives its own. It listens as long as
/// the process lives, and a connection ends with either of its ends.
///
/// # Errors
/// A sentence: there is no port, or no thread.
pub fn before(store: &str) -> Result<String, String> {
    let store = super::address(store)?;
    let cannot = |error: io::Error| format!("No port can be listened on ({error}).");
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    thread::Builder::new()
        .name("distance".to_owned())
        .spawn(move || {
            for client in listener.incoming().flatten() {
                // How a connection ends is its client's business.
                let _ = connect(client, store);
            }
        })
        .map_err(|error| format!("No thread can be had ({error})."))?;
    Ok(format!("http://{address}"))
}

/// One thread for each direction. A client asks again when it has its answer: the last time that it
/// asked is the one that the answer is held back from.
fn connect(client: TcpStream, store: SocketAddr) -> io::Result<()> {
    let store = TcpStream::connect(store)?;
    client.set_nodelay(true)?;
    store.set_nodelay(true)?;
    let asked = Arc::new(Mutex::new(Instant::now()));
    let (mut from_client, mut to_store) = (client.try_clone()?, store.try_clone()?);
    let asks = Arc::clone(&asked);
    thread::Builder::new().spawn(move || {
        pass_on(&mut from_client, &mut to_store, || {
            *asks.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        })
    })?;
    let (mut from_store, mut to_client) = (store, client);
    thread::Builder::new().spawn(move || {
        pass_on(&mut from_store, &mut to_client, || {
            let asked = *asked.lock().unwrap_or_else(PoisonError::into_inner);
            thread::sleep(DISTANCE.saturating_sub(asked.elapsed()));
        })
    })?;
    Ok(())
}

/// Passes on whatever comes, after this has been done; at the end, the other side is told of it.
fn pass_on(from: &mut TcpStream, to: &mut TcpStream, first: impl Fn()) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = match from.read(&mut piece) {
            Ok(0) | Err(_) => return to.shutdown(std::net::Shutdown::Write),
            Ok(length) => length,
        };
        first();
        to.write_all(piece.get(..length).unwrap_or_default())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_held_back_for_the_distance() {
        let store = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = before(&format!("http://{}", store.local_addr().unwrap())).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = store.accept().unwrap();
            let mut asked = [0; 4];
            while stream.read_exact(&mut asked).is_ok() {
                stream.write_all(b"pong").unwrap();
            }
        });
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        for _ in 0..3 {
            let begun = Instant::now();
            stream.write_all(b"ping").unwrap();
            let mut answer = [0; 4];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"pong");
            assert!(begun.elapsed() >= DISTANCE);
        }
        assert!(before("nowhere").is_err());
    }
}
