//! `onlyif serve`: the API on this machine, as it is deployed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use onlyif::declaration::{Declarations, SourceFile};
pub use onlyif_http::StaleStatus;
use onlyif_http::{App, Auth, Settings};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::conflicts::tally::Tally;
use crate::gateway::Gateway;
use crate::listen;
use crate::resources;
use crate::seed::{self, Seed, Seeded};
use crate::store::{self, embedded::Embedded};
use crate::stream::{Feed, mapping::Mapping};
use crate::template::{Api, STORAGE, TEMPLATE, definition};
use crate::watch::Watch;

/// How to serve. The default is what a test wants: in memory, on any free port, without sample
/// data, and without watching.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with the declarations.
    pub resources: PathBuf,
    /// The template that names the routes and their functions; by default the one compiled in.
    pub template: String,
    /// The address to listen on.
    pub host: IpAddr,
    /// Whether an address that other machines reach is meant.
    pub allow_remote: bool,
    /// The port to listen on; 0: any.
    pub port: u16,
    /// Where the embedded store keeps the data.
    pub data: Data,
    /// Delete what is stored, and begin anew.
    pub reset: bool,
    /// Load the sample data into an empty store.
    pub seed: bool,
    /// Another DynamoDB endpoint than the embedded store.
    pub store: Option<String>,
    /// The table's name.
    pub table: String,
    /// The status of a failed precondition.
    pub stale_status: StaleStatus,
    /// The address that clients use, where it is another than the one listened on.
    pub base_url: Option<String>,
    /// Reload declarations when they are saved.
    pub watch: bool,
    /// Write histories as resources change; otherwise only when [`Server::catch_up`] is called.
    pub follow: bool,
    /// What `onlyif conflicts` is told: a subscriber counts there ([`Counting`](crate::conflicts::tally::Counting)).
    pub tally: Arc<Tally>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            resources: PathBuf::from("resources"),
            template: TEMPLATE.to_owned(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            allow_remote: false,
            port: 0,
            data: Data::Memory,
            reset: false,
            seed: false,
            store: None,
            table: "onlyif".to_owned(),
            stale_status: StaleStatus::Conflict,
            base_url: None,
            watch: false,
            follow: false,
            tally: Arc::default(),
        }
    }
}

/// Where the embedded store keeps the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In memory: it ends with the server.
    Memory,
    /// In files of this folder.
    Folder(PathBuf),
}

/// A running server. It serves until it is stopped or dropped.
pub struct Server {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    /// What became of the sample data; `None` where none was to be loaded.
    pub seeded: Option<Seeded>,
    gateway: Arc<Gateway>,
    seeds: Vec<(String, Vec<Seed>)>,
    watch: Option<Watch>,
    feed: Option<Arc<Feed>>,
    following: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    embedded: Option<Embedded>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Starts a server, and returns once it answers.
///
/// # Errors
/// Sentences for whoever started it: what is wrong, and what to do.
pub async fn start(options: Options) -> Result<Server, String> {
    check_address(options.host, options.allow_remote)?;
    let files = resources::read(&options.resources)?;
    let declarations = Arc::new(resources::parse(&files)?);
    let api = Api::read(&options.template)?;
    let (listener, address) = bind(options.host, options.port).await?;
    let url = format!("http://{address}");
    let mapping = Mapping::read(&options.template)?;
    let opened = store::open(&options, &definition(STORAGE)?).await?;
    let stream = opened.table.stream_arn().await.ok().flatten();
    let settings = Settings {
        stale_status: options.stale_status,
        auth: Auth::Local,
        base_url: Some(options.base_url.clone().unwrap_or_else(|| url.clone())),
    };
    let app = App {
        declarations: Arc::clone(&declarations),
        store: opened.table,
        settings,
    };
    let remote = !options.host.is_loopback();
    let gateway = Arc::new(Gateway::new(api, app, address.port(), remote));
    let feed = stream.map(|stream| {
        let gateway = Arc::clone(&gateway);
        Feed::new(&opened.settings, stream, mapping, gateway).map(Arc::new)
    });
    let feed = feed.transpose()?;
    let (seeds, unreadable) = match seed::read(&options.resources, &declarations) {
        Ok(seeds) => (seeds, None),
        Err(sentence) => (Vec::new(), Some(sentence)),
    };
    let mut seeded = None;
    if options.seed && seed::is_empty(&gateway, &declarations).await {
        let mut loaded = seed::load(&gateway, &seeds).await;
        loaded.refused.extend(unreadable);
        seeded = Some(loaded);
    }
    let watch = match options.watch {
        true => watch(&options, files, &gateway),
        false => None,
    };
    let following = match options.follow {
        true => follow(feed.as_ref()),
        false => None,
    };
    let (stop, stopped) = oneshot::channel();
    // A server that is dropped ends too: then nobody is there to send.
    let stopped = async { stopped.await.unwrap_or_default() };
    let serving = tokio::spawn(listen::serve(
        listener,
        Arc::clone(&gateway),
        options.tally,
        stopped,
    ));
    Ok(Server {
        url,
        seeded,
        gateway,
        seeds,
        watch,
        feed,
        following,
        embedded: opened.embedded,
        stop,
        serving,
    })
}

impl Server {
    /// What is served now.
    pub fn declarations(&self) -> Arc<Declarations> {
        Arc::clone(&self.gateway.app().declarations)
    }

    /// Counts how often saved declarations were looked at, where they are watched.
    pub fn reloads(&self) -> Option<watch::Receiver<u64>> {
        self.watch.as_ref().map(Watch::reloads)
    }

    /// A path that a `GET` finds: a resource of the sample data where one is there, or a list.
    pub async fn example(&self) -> String {
        for (type_name, seeds) in &self.seeds {
            let Some(seed) = seeds.first() else { continue };
            let path = format!("/v1/{type_name}/{}", seed.id);
            if seed::get(&self.gateway, &path).await.is_some() {
                return path;
            }
        }
        let declarations = self.declarations();
        let first = declarations.iter().next();
        first.map_or_else(
            || "/v1".to_owned(),
            |declaration| format!("/v1/{}", declaration.name),
        )
    }

    /// Writes the history of all that has happened until now: what a deployment does by itself, some
    /// time later.
    ///
    /// # Errors
    /// A sentence: the store has no stream, or it cannot be read now.
    pub async fn catch_up(&self) -> Result<(), String> {
        match &self.feed {
            Some(feed) => feed.drain().await,
            None => Err(NO_STREAM.to_owned()),
        }
    }

    /// Takes no more requests, finishes those that run, and closes the store.
    pub async fn stop(self) {
        drop(self.watch);
        let _ = self.stop.send(());
        let _ = self.serving.await;
        // What is not written yet is, when the next server begins.
        if let Some((stop, following)) = self.following {
            drop(stop);
            let _ = following.await;
        }
        self.gateway.idle().await;
        drop((self.feed, self.gateway));
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// Refuses an address that other machines reach, unless that is meant.
///
/// # Errors
/// A sentence that names the flag.
pub fn check_address(host: IpAddr, allow_remote: bool) -> Result<(), String> {
    if host.is_loopback() || allow_remote {
        return Ok(());
    }
    Err(format!(
        "Other machines could reach {host}, and whoever reaches this server may do everything: it checks no tokens. If that is meant, add --allow-remote."
    ))
}

async fn bind(host: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), String> {
    let listener = TcpListener::bind((host, port)).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "Port {port} is taken, perhaps by another onlyif. Choose another with --port N, or --port 0 for any that is free."
        ),
        std::io::ErrorKind::PermissionDenied => {
            format!("Port {port} may not be used by this account. Choose one above 1023 with --port N.")
        }
        _ => format!("The server cannot listen on {host} ({error}). Name another address with --host."),
    })?;
    let mut address = listener.local_addr().map_err(|error| error.to_string())?;
    if address.ip().is_unspecified() {
        // Nobody can call 0.0.0.0; on this machine, loopback is among the addresses it means.
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok((listener, address))
}

/// What a server says whose histories stay empty.
const NO_STREAM: &str = "The store's table has no stream of its changes: no histories are written.";

/// Where there is no stream, the server serves all the same.
fn follow(feed: Option<&Arc<Feed>>) -> Option<(oneshot::Sender<()>, JoinHandle<()>)> {
    let Some(feed) = feed else {
        tracing::warn!(target: "onlyif::local", "{NO_STREAM}");
        return None;
    };
    let (stop, stopped) = oneshot::channel();
    Some((stop, Arc::clone(feed).follow(stopped)))
}

/// Where the folder cannot be watched, the server serves all the same.
fn watch(options: &Options, files: Vec<SourceFile>, gateway: &Arc<Gateway>) -> Option<Watch> {
    let gateway = Arc::downgrade(gateway);
    let serve = move |declarations| {
        if let Some(gateway) = gateway.upgrade() {
            let before = gateway.app();
            let (store, settings) = (before.store.clone(), before.settings.clone());
            gateway.replace_app(App {
                declarations,
                store,
                settings,
            });
        }
    };
    Watch::start(&options.resources, files, serve)
        .inspect_err(|sentence| {
            tracing::warn!(target: "onlyif::local", "{sentence} What is saved there is served after a restart.");
        })
        .ok()
}
