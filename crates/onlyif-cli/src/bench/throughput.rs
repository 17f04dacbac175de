//! Throughput: the local server's creates beside conditional `PutItem`s, by as many clients.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::pair::{Pair, What, in_turn};
use super::puts::Puts;

/// How many clients ask at the same time, and how often each asks in a round.
const CLIENTS: usize = 8;
const EACH: usize = 100;

/// One round: creates with this body and puts of the same, these or those first. At the same time, each
/// would be measured by what the other leaves.
///
/// # Errors
/// A sentence: something was not answered as it has to be.
pub async fn measured(server: &str, body: &str, puts: &Puts, first: bool) -> Result<Pair, String> {
    let creates = async {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let mut posts = Posts::to(server, body).await?;
            clients.push(async move {
                for _ in 0..EACH {
                    posts.post().await?;
                }
                Ok(())
            });
        }
        at_once(clients).await
    };
    let others = async {
        let client = || {
            let puts = puts.clone();
            async move {
                for _ in 0..EACH {
                    puts.put(true).await?;
                }
                Ok(())
            }
        };
        at_once((0..CLIENTS).map(|_| client()).collect()).await
    };
    let (ours, other) = in_turn(first, creates, others).await?;
    Ok(Pair {
        what: What::Throughput,
        ours,
        other,
    })
}

/// How long each request takes, on the average, of clients that ask at the same time.
async fn at_once<F>(clients: Vec<F>) -> Result<Duration, String>
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let begun = Instant::now();
    let mut running: JoinSet<_> = clients.into_iter().collect();
    while let Some(ended) = running.join_next().await {
        ended.map_err(|error| format!("A client ended early ({error})."))??;
    }
    let requests = u32::try_from(CLIENTS * EACH).unwrap_or(u32::MAX);
    Ok(begun.elapsed() / requests)
}

/// A client of the local server, on a connection of its own. What it takes is taken from the server,
/// which has the same processors: so it sends one text each time, and looks at no more of an answer than
/// where that ends.
struct Posts {
    connection: BufReader<TcpStream>,
    request: String,
}

impl Posts {
    async fn to(server: &str, body: &str) -> Result<Self, String> {
        let address = server.strip_prefix("http://").unwrap_or(server);
        let stream = TcpStream::connect(address).await.map_err(no_server)?;
        stream.set_nodelay(true).map_err(no_server)?;
        let length = body.len();
        let head = "POST /v1/orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
        Ok(Posts {
            connection: BufReader::new(stream),
            request: format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}"),
        })
    }

    async fn post(&mut self) -> Result<(), String> {
        let sent = self.connection.write_all(self.request.as_bytes()).await;
        sent.map_err(no_server)?;
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let begun = head.len();
            let read = self.connection.read_line(&mut head).await;
            match (read.map_err(no_server)?, head.get(begun..)) {
                (0, _) => return Err(no_server("it closed the connection")),
                (_, Some("\r\n")) => break,
                (_, line) => {
                    let header = line.and_then(|line| line.split_once(": "));
                    if let Some(("content-length", value)) = header {
                        length = value.trim().parse().map_err(no_server)?;
                    }
                }
            }
        }
        let mut body = vec![0; length];
        self.connection
            .read_exact(&mut body)
            .await
            .map_err(no_server)?;
        match head.strip_prefix("HTTP/1.1 201 ") {
            Some(_) => Ok(()),
            None => Err(no_server(head + &String::from_utf8_lossy(&body))),
        }
    }
}

fn no_server(error: impl Display) -> String {
    format!("The local server did not answer as it should ({error}).")
}
