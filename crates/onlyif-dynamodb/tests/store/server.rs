//! A server that answers as a script says, and fails in every way.

use std::sync::{Arc, Mutex};

use onlyif_dynamodb::{Settings, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status and a body.
    Answer(u16, String),
    /// Nothing, for ever.
    Hang,
    /// The connection is closed without an answer.
    Close,
    /// The same, not in good order: what was sent may be lost (TCP's RST).
    Reset,
    /// Half of an answer, then the connection is closed.
    Half,
}

use Reply::{Answer, Close, Half, Hang, Reset};

pub(crate) fn error(status: u16, code: &str) -> Reply {
    Answer(
        status,
        format!(r#"{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "m"}}"#),
    )
}

pub(crate) fn cancelled(reasons: &[&str]) -> Reply {
    let reasons: Vec<_> = reasons.iter().map(|code| (*code, None)).collect();
    cancelled_with(&reasons)
}

/// A transaction that is cancelled for these reasons, some with the item as it was.
pub(crate) fn cancelled_with(reasons: &[(&str, Option<String>)]) -> Reply {
    let reason = |(code, item): &(&str, Option<String>)| {
        let item = item.as_ref();
        let item = item.map_or_else(String::new, |item| format!(r#", "Item": {item}"#));
        format!(r#"{{"Code": "{code}", "Message": "m"{item}}}"#)
    };
    let reasons: Vec<_> = reasons.iter().map(reason).collect();
    Answer(
        400,
        format!(
            r#"{{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "m", "CancellationReasons": [{}]}}"#,
            reasons.join(",")
        ),
    )
}

pub(crate) fn done() -> Reply {
    Answer(200, "{}".into())
}

/// A server with a script: its last reply is given again and again.
pub(crate) struct Server {
    pub(crate) table: Table,
    /// The bodies of the requests so far.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), log.clone()));
            }
        });
        let settings = Settings::emulated("things", format!("http://{address}"));
        let table = Table::connect(&settings).expect("a client");
        Server { table, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Vec<Reply>>, log: Arc<Mutex<Vec<String>>>) {
    while let Some(body) = receive(&mut stream).await {
        let reply = {
            let mut log = log.lock().expect("no panic");
            log.push(body);
            script[(log.len() - 1).min(script.len() - 1)].clone()
        };
        let sent = match reply {
            Answer(status, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n");
                stream.write_all((head + &body).as_bytes()).await
            }
            Hang => std::future::pending().await,
            Close => return,
            Reset => {
                stream.set_zero_linger().expect("a socket");
                return;
            }
            Half => {
                let half = b"HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\n{\"Attr";
                let _ = stream.write_all(half).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The body of the next request on this connection.
async fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    String::from_utf8(body).ok()
}
