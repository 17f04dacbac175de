//! The functions as they are deployed: each `bootstrap` that `sam build` has made, under AWS's runtime
//! interface emulator, which hands events to it as Lambda does.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use onlyif_cli::function::Function;
use onlyif_cli::template::{TEMPLATE, Template};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::Actor;

/// Where the emulator takes events.
/// <https://github.com/aws/aws-lambda-runtime-interface-emulator>
const INVOCATIONS: &str = "/2015-03-31/functions/function/invocations";

/// The functions of one build, on one table.
pub(crate) struct Bootstraps {
    build: PathBuf,
    emulator: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// Those that were called, each started by its first event.
    started: Mutex<Vec<(Function, Emulated)>>,
}

impl Bootstraps {
    /// What the environment asks to be tested: `ONLYIF_TEST_FUNCTIONS` is the folder that `sam build`
    /// writes to, `ONLYIF_TEST_EMULATOR` the emulator's binary.
    pub(crate) fn named(variables: Vec<(&'static str, String)>) -> Option<Self> {
        let named = |name: &str| std::env::var(name).ok().filter(|path| !path.is_empty());
        Some(Bootstraps {
            build: named("ONLYIF_TEST_FUNCTIONS")?.into(),
            emulator: named("ONLYIF_TEST_EMULATOR")
                .expect("ONLYIF_TEST_EMULATOR names the emulator's binary")
                .into(),
            variables,
            started: Mutex::default(),
        })
    }

    /// What the function hands back for this event.
    pub(crate) async fn invoke(&self, function: Function, event: String) -> String {
        let mut started = self.started.lock().await;
        let at = match started.iter().position(|(which, _)| *which == function) {
            Some(at) => at,
            None => {
                let bootstrap = self.build.join(name(function)).join("bootstrap");
                assert!(bootstrap.is_file(), "{} is missing", bootstrap.display());
                let emulated = Emulated::start(self, bootstrap).await;
                started.push((function, emulated));
                started.len() - 1
            }
        };
        let actor = Actor::new(&started[at].1.url, None);
        let call = actor.post(INVOCATIONS, ("application/json", event));
        let (status, answer) = call.by_the_gateway().await;
        assert_eq!(status, 200, "{function:?}: {answer}");
        answer
    }
}

/// What the template calls it, and `sam build` the folder that it is built into.
fn name(function: Function) -> String {
    let template = Template::read(TEMPLATE, "template.yaml").expect("the template");
    let mut names = template.names("AWS::Serverless::Function");
    let name = names.find(|name| template.function(name) == Ok(function));
    name.expect("the function is in the template").to_owned()
}

/// A function that runs.
struct Emulated {
    url: String,
    /// It is killed when this is dropped, and its function ends with it.
    _process: Child,
}

impl Emulated {
    async fn start(of: &Bootstraps, bootstrap: PathBuf) -> Self {
        let (events, runtime) = (free_address().await, free_address().await);
        let process = Command::new(&of.emulator)
            .args(["--runtime-interface-emulator-address", &events])
            .args(["--runtime-api-address", &runtime])
            .arg(&bootstrap)
            .env_clear()
            .envs(of.variables.iter().map(|(name, value)| (name, value)))
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            // As in template.yaml.
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "10")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the emulator starts");
        listening(&events).await;
        Emulated {
            url: format!("http://{events}"),
            _process: process,
        }
    }
}

/// An address that nobody listens on: the emulator must be told one.
async fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// Returns once somebody listens there. The emulator does not say when it does.
async fn listening(address: &str) {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the emulator does not listen on {address}");
}
