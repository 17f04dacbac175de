//! TLS in front of the store, as DynamoDB has it: that certificates are read, and that a connection is
//! made by a handshake, is much of a cold start.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use onlyif_dynamodb::AMAZON_ROOTS;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The store behind TLS, on loopback, until this is dropped.
pub struct Front {
    /// Where it listens: `https://127.0.0.1:PORT`.
    pub url: String,
    /// What those who connect are told to trust.
    pub trust: Trust,
    serving: JoinHandle<()>,
}

/// Certificates, on disk, of those who may vouch for the store.
pub struct Trust {
    /// As many as a function of this project has compiled in, and the front's: what `AWS_CA_BUNDLE`
    /// names.
    pub few: PathBuf,
    /// The machine's file of them, unless it stands in a folder of them, and the front's: what
    /// `SSL_CERT_FILE` names.
    pub all: PathBuf,
    /// The machine's folders of them: what `SSL_CERT_DIR` names.
    pub folders: OsString,
    /// It goes with the files.
    _folder: TempDir,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Front {
    /// Listens on any free port, for the store at this `http` address.
    ///
    /// # Errors
    /// A sentence: there is no port, or no room for a file.
    pub async fn before(store: &str) -> Result<Self, String> {
        let store = super::address(store)?;
        let (identity, authority) = certified().map_err(|error| {
            format!("The certificate of the store's address cannot be made ({error}).")
        })?;
        let trust = Trust::write(&authority)
            .map_err(|error| format!("The certificates cannot be written ({error})."))?;
        let cannot = |error: std::io::Error| format!("No port can be listened on ({error}).");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot)?;
        let url = format!("https://{}", listener.local_addr().map_err(cannot)?);
        Ok(Front {
            url,
            trust,
            serving: tokio::spawn(serve(listener, TlsAcceptor::from(identity), store)),
        })
    }
}

async fn serve(listener: TcpListener, identity: TlsAcceptor, store: SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        let identity = identity.clone();
        // How a connection ends is its client's business.
        tokio::spawn(async move { pass_on(client, identity, store).await.ok() });
    }
}

async fn pass_on(
    client: TcpStream,
    identity: TlsAcceptor,
    store: SocketAddr,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = identity.accept(client).await?;
    let mut store = TcpStream::connect(store).await?;
    store.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut store).await?;
    Ok(())
}

/// What the front shows to who connects, and, in PEM, the authority that vouches for it.
fn certified() -> Result<(Arc<ServerConfig>, String), Box<dyn std::error::Error>> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate()?;
    let vouches = authority.self_signed(&key)?.pem();
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate()?;
    let shown = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![shown.der().clone()], key)?;
    Ok((Arc::new(config), vouches))
}

/// Whether the file is one of a folder's.
fn stands_in(folders: &[PathBuf], file: &Path) -> bool {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    let mut folders = folders.iter().map(|folder| folder.canonicalize().ok());
    folder.is_some() && folders.any(|known| known == folder)
}

impl Trust {
    fn write(authority: &str) -> std::io::Result<Self> {
        let folder = TempDir::new()?;
        let written = |name: &str, mut bytes: Vec<u8>| {
            bytes.push(b'\n');
            bytes.extend_from_slice(authority.as_bytes());
            let path = folder.path().join(name);
            fs::write(&path, bytes).map(|()| path)
        };
        let machine = openssl_probe::probe();
        let all = match &machine.cert_file {
            Some(file) if !stands_in(&machine.cert_dir, file) => fs::read(file)?,
            // What stands in a folder is read there: once, though it is named twice.
            _ => Vec::new(),
        };
        Ok(Trust {
            few: written("few.pem", AMAZON_ROOTS.concat())?,
            all: written("all.pem", all)?,
            folders: env::join_paths(machine.cert_dir).unwrap_or_default(),
            _folder: folder,
        })
    }

    /// The variables of the environment that say so: the first is read by this project's functions,
    /// the others by all that trust whom the machine trusts.
    pub fn variables(&self) -> [(&'static str, &OsStr); 3] {
        [
            ("AWS_CA_BUNDLE", self.few.as_os_str()),
            ("SSL_CERT_FILE", self.all.as_os_str()),
            ("SSL_CERT_DIR", self.folders.as_os_str()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use onlyif_dynamodb::{Settings, Table};
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;
    use crate::serve::Options;
    use crate::store;
    use crate::template::{STORAGE, definition};

    fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
        let read = CertificateDer::pem_file_iter(file).unwrap();
        read.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn whoever_trusts_the_machine_trusts_the_front_as_well() {
        let (_, authority) = certified().unwrap();
        let trust = Trust::write(&authority).unwrap();
        let few = certificates(&trust.few);
        assert_eq!(few.len(), AMAZON_ROOTS.len() + 1);
        let all = certificates(&trust.all);
        assert_eq!(all.last(), few.last());
        let machine = openssl_probe::probe();
        let told = env::split_paths(&trust.folders).collect::<Vec<_>>();
        assert_eq!(told, machine.cert_dir);
        let elsewhere = machine
            .cert_file
            .filter(|file| !stands_in(&told, file))
            .map_or(0, |file| certificates(&file).len());
        assert_eq!(all.len(), elsewhere + 1);
    }

    #[test]
    fn a_file_stands_in_a_folder_by_whatever_name() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("all.pem");
        let other = folder.path().join("other");
        fs::create_dir(&other).unwrap();
        let detour = other.join("..");
        assert!(stands_in(&[other.clone(), detour], &file));
        assert!(!stands_in(&[other], &file));
        assert!(!stands_in(&[], &file));
    }

    #[tokio::test]
    async fn the_store_is_reached_by_whoever_trusts_the_front_and_by_nobody_else() {
        let opened = store::open(&Options::default(), &definition(STORAGE).unwrap())
            .await
            .unwrap();
        let front = Front::before(opened.settings.endpoint.as_deref().unwrap())
            .await
            .unwrap();
        let variables: HashMap<_, _> = front.trust.variables().into_iter().collect();
        let mut settings = Settings::emulated(Options::default().table, &front.url);
        let amazon = front.trust.few.with_file_name("amazon.pem");
        fs::write(&amazon, AMAZON_ROOTS.concat()).unwrap();
        for (trusted, reached) in [
            (Path::new(variables["AWS_CA_BUNDLE"]), true),
            (&amazon, false),
        ] {
            settings.trusted = Some(trusted.to_owned());
            let table = Table::connect(&settings).unwrap();
            assert_eq!(table.stream_arn().await.is_ok(), reached);
        }
        opened.embedded.unwrap().stop().await;
    }
}
