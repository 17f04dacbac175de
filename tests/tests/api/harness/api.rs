//! A server of the test's own, and who calls it.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use onlyif_cli::serve::{Options, Server, start};
use serde_json::{Value, json};

use super::deployed::Deployed;
use super::{Actor, Backend, Proxy, requests, table};

/// The declarations that these tests are written for.
const RESOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/resources");

/// The declarations that the repository comes with.
pub(crate) const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../resources");

/// A running server.
pub(crate) struct Api {
    pub(crate) url: String,
    place: Place,
}

/// Where it runs.
enum Place {
    /// In this process; it ends when it is dropped.
    Here(Server),
    /// Where the environment says.
    There(Deployed),
}

impl Api {
    /// The tests' own types, in a store of its own.
    pub(crate) async fn start() -> Self {
        Api::with(Options::default()).await
    }

    /// The same, in the store at this address.
    pub(crate) async fn on(store: &str) -> Self {
        Api::with(Options {
            store: Some(store.to_owned()),
            ..Options::default()
        })
        .await
    }

    /// The types of this folder.
    pub(crate) async fn of(resources: &Path) -> Self {
        Api::with(Options {
            resources: resources.to_owned(),
            ..Options::default()
        })
        .await
    }

    /// The examples of the repository, without their sample data.
    pub(crate) async fn of_examples() -> Self {
        Api::of(Path::new(EXAMPLES)).await
    }

    /// The same, with a proxy before its store.
    pub(crate) async fn of_examples_behind_a_proxy() -> (Self, Proxy) {
        let proxy = Proxy::before(Backend::start().await).await;
        let options = Options {
            resources: EXAMPLES.into(),
            store: Some(proxy.url.clone()),
            ..Options::default()
        };
        (Api::with(options).await, proxy)
    }

    /// With these options; those that every test server shares are filled in.
    pub(crate) async fn with(mut options: Options) -> Self {
        if options.resources == Options::default().resources {
            options.resources = PathBuf::from(RESOURCES);
        }
        if let Some(deployed) = Deployed::named() {
            deployed.must_be(&options);
            return Api {
                url: deployed.url.clone(),
                place: Place::There(deployed),
            };
        }
        if options.store.is_none() {
            options.store = Backend::named();
            // An emulator may stand still for longer than a function may run: nobody is told so here.
            if options.store.is_some() {
                options.template = options
                    .template
                    .replace("    Timeout: 10\n", "    Timeout: 60\n");
            }
        }
        if options.table == Options::default().table {
            options.table = table();
        }
        requests::keep();
        let server = start(options).await.expect("the server starts");
        Api {
            url: server.url.clone(),
            place: Place::Here(server),
        }
    }

    pub(crate) fn alice(&self) -> Actor {
        self.bearer("alice")
    }

    pub(crate) fn bob(&self) -> Actor {
        self.bearer("bob")
    }

    pub(crate) fn carol(&self) -> Actor {
        self.bearer("carol")
    }

    /// Who sends no token at all.
    pub(crate) fn nobody(&self) -> Actor {
        Actor::new(&self.url, None)
    }

    /// An actor of this name, who may do everything; or who sends just this token.
    pub(crate) fn bearer(&self, token: &str) -> Actor {
        let token = match &self.place {
            Place::Here(_) => token.to_owned(),
            Place::There(deployed) => deployed.trusted(token),
        };
        Actor::new(&self.url, Some(token))
    }

    /// Who sends a JWT with these claims.
    pub(crate) fn claims(&self, claims: &Value) -> Actor {
        if let Place::There(deployed) = &self.place {
            return Actor::new(&self.url, Some(deployed.token(claims)));
        }
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "none", "typ": "JWT"});
        self.bearer(&format!("{}.{}.unsigned", part(&header), part(claims)))
    }

    /// Writes the history of all that has happened until now. Test servers do not do so by themselves,
    /// so that nobody has to wait for it, or to tell its requests to the store from others.
    pub(crate) async fn catch_up(&self) {
        match &self.place {
            Place::Here(server) => server.catch_up().await.expect("the stream is read"),
            Place::There(_) => panic!("what is deployed catches up when it does"),
        }
    }

    /// Everything that the actor can list, to compare before and after.
    pub(crate) async fn everything(&self, types: &[&str]) -> Vec<String> {
        let mut all = Vec::new();
        for name in types {
            let reply = self
                .alice()
                .get(&format!("/v1/{name}?limit=100"))
                .await
                .is(200);
            assert!(
                reply.body.get("next").is_none(),
                "more than a page of {name}"
            );
            all.push(reply.text);
        }
        all
    }
}
