//! Where the table is, and the client that goes there.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{
    self, BehaviorVersion, Config, Region, SharedHttpClient, StalledStreamProtectionConfig,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::connections::{Connections, IDLE};

/// The longest that a connection may take to be made. Until then nothing was sent, so that the
/// write that needed it certainly did not happen.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);

/// The roots that AWS's endpoints are certified by, and no others: reading the hundreds that an
/// operating system trusts takes longer than all the rest of a cold start.
/// <https://www.amazontrust.com/repository/>
pub const AMAZON_ROOTS: [&[u8]; 5] = [
    include_bytes!("../roots/Amazon_Root_CA_1.pem"),
    include_bytes!("../roots/Amazon_Root_CA_2.pem"),
    include_bytes!("../roots/Amazon_Root_CA_3.pem"),
    include_bytes!("../roots/Amazon_Root_CA_4.pem"),
    include_bytes!("../roots/Starfield_Services_G2.pem"),
];

/// Where the table is, and who asks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The table's name.
    pub table: String,
    /// The AWS region.
    pub region: String,
    /// The address of another DynamoDB than the region's, such as an emulator's.
    pub endpoint: Option<String>,
    /// The file with the certificates, in PEM, of whoever may vouch for the address, and nobody else
    /// then. Without it, that is Amazon for the region's address, and whomever the machine trusts for
    /// another. What is not encrypted, nobody vouches for.
    pub trusted: Option<PathBuf>,
    /// Who asks.
    pub credentials: Credentials,
}

/// AWS credentials.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
    /// The session's token, for temporary credentials.
    pub session_token: Option<String>,
}

/// Secrets are not shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// What the environment says. On Lambda all but `TABLE` is set by Lambda itself, credentials
    /// included: they hold for as long as the environment lives. `AWS_CA_BUNDLE` names
    /// [`trusted`](Settings::trusted), as
    /// [AWS's SDKs](https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html) have it.
    ///
    /// # Errors
    ///
    /// The name of a variable that is missing, in a sentence for a person.
    pub fn from_env() -> Result<Self, String> {
        Settings::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &str, what: &str| {
            given(name).ok_or_else(|| {
                format!("the environment variable {name} is not set: it must hold {what}")
            })
        };
        Ok(Settings {
            table: needed("TABLE", "the DynamoDB table's name")?,
            region: needed("AWS_REGION", "the AWS region of the table")?,
            endpoint: given("AWS_ENDPOINT_URL_DYNAMODB"),
            trusted: given("AWS_CA_BUNDLE").map(PathBuf::from),
            credentials: Credentials {
                access_key_id: needed("AWS_ACCESS_KEY_ID", "the id of an AWS access key")?,
                secret_access_key: needed("AWS_SECRET_ACCESS_KEY", "the secret of that key")?,
                session_token: given("AWS_SESSION_TOKEN"),
            },
        })
    }

    /// A table of this name in an emulator, which takes any region and any credentials.
    pub fn emulated(table: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Settings {
            table: table.into(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.into()),
            trusted: None,
            credentials: Credentials {
                access_key_id: "local".to_owned(),
                secret_access_key: "local".to_owned(),
                session_token: None,
            },
        }
    }

    /// A client that sends each request once, at once, and leaves waiting and sending again to us:
    /// only we know which writes may be sent twice.
    pub(crate) fn client(&self) -> Result<Client, String> {
        let credentials = config::Credentials::new(
            &self.credentials.access_key_id,
            &self.credentials.secret_access_key,
            self.credentials.session_token.clone(),
            None,
            "settings",
        );
        let mut settings = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(self.http_client()?);
        settings.set_endpoint_url(self.endpoint.clone());
        Ok(Client::from_conf(settings.build()))
    }

    fn http_client(&self) -> Result<SharedHttpClient, String> {
        let trusted = match (&self.endpoint, &self.trusted) {
            (Some(endpoint), _) if endpoint.starts_with("http://") => {
                return Ok(Connections::made_by(|| pool().build_http()));
            }
            (Some(endpoint), _) if !endpoint.starts_with("https://") => {
                return Err(format!(
                    "the store's address must begin with http:// or https://, and is {endpoint}"
                ));
            }
            (_, Some(file)) => {
                let certificates = certificates(file).map_err(|wrong| {
                    format!(
                        "the file that AWS_CA_BUNDLE names, {}, {wrong}",
                        file.display()
                    )
                })?;
                TrustStore::empty().with_pem_certificate(certificates)
            }
            (Some(_), None) => TrustStore::default(),
            (None, None) => AMAZON_ROOTS
                .into_iter()
                .fold(TrustStore::empty(), TrustStore::with_pem_certificate),
        };
        let context = TlsContext::builder()
            .with_trust_store(trusted)
            .build()
            .map_err(|error| format!("the certificates cannot be read: {error}"))?;
        let provider = Provider::Rustls(CryptoMode::Ring);
        Ok(Connections::made_by(move || {
            let pool = pool().tls_provider(provider.clone());
            pool.tls_context(context.clone()).build_https()
        }))
    }
}

/// The certificates in this file. Whoever makes the connections takes it for granted that others can be
/// checked by them.
fn certificates(file: &Path) -> Result<Vec<u8>, String> {
    let text = fs::read(file).map_err(|error| format!("cannot be read ({error})"))?;
    let none = |why: &dyn fmt::Display| {
        format!("does not hold certificates of authorities, in PEM ({why})")
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| none(&error))?;
        roots.add(certificate).map_err(|error| none(&error))?;
    }
    match roots.is_empty() {
        true => Err(none(&"there is none")),
        false => Ok(text),
    }
}

/// While the process is awake a connection becomes as old as in a freeze, and no older.
fn pool() -> Builder {
    Builder::new().pool_idle_timeout(IDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        let value = match name {
            "TABLE" => "things",
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" => "key",
            "AWS_SECRET_ACCESS_KEY" => "very secret",
            "AWS_ENDPOINT_URL_DYNAMODB" => "",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn settings_come_from_the_environment_and_a_missing_one_is_named() {
        let settings = Settings::from_variables(variables).expect("all are set");
        assert_eq!(settings.table, "things");
        assert_eq!(settings.endpoint, None);
        assert!(!format!("{settings:?}").contains("very secret"));
        settings.client().expect("a client of the region");

        for missing in [
            "TABLE",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            let without = |name: &str| variables(name).filter(|_| name != missing);
            let complaint = Settings::from_variables(without).expect_err(missing);
            assert!(complaint.contains(missing), "{complaint}");
        }
    }

    #[test]
    fn whom_to_trust_is_in_a_file_that_the_environment_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = String::from_utf8_lossy(AMAZON_ROOTS[0]).into_owned();
        let begun = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        let ended = format!("{begun}-----END CERTIFICATE-----\n");
        for (text, said) in [
            (Some(root.as_str()), None),
            (Some("trust me"), Some("(there is none)")),
            (Some(begun), Some("in PEM")),
            (Some(&ended), Some("in PEM")),
            (None, Some("bundle.pem, cannot be read")),
        ] {
            let file = folder.path().join("bundle.pem");
            let _ = fs::remove_file(&file);
            if let Some(text) = text {
                fs::write(&file, text).expect("a file");
            }
            let mut settings = Settings::from_variables(|name| match name {
                "AWS_CA_BUNDLE" => Some(file.display().to_string()),
                name => variables(name),
            })
            .expect("all are set");
            let complaint = settings.client().err();
            assert_eq!(complaint.is_some(), said.is_some(), "{complaint:?}");
            if let Some((complaint, said)) = complaint.zip(said) {
                assert!(complaint.contains(said), "{complaint}");
                assert!(complaint.contains("AWS_CA_BUNDLE"), "{complaint}");
            }
            // Without encryption it is not even read.
            settings.endpoint = Some("http://127.0.0.1:8000".to_owned());
            settings.client().expect("a client");
        }
    }

    #[test]
    fn an_endpoint_is_a_web_address() {
        for (endpoint, works) in [
            ("http://127.0.0.1:8000", true),
            ("https://localhost:8000", true),
            ("localhost:8000", false),
            ("", false),
        ] {
            let settings = Settings::emulated("things", endpoint);
            assert_eq!(settings.client().is_ok(), works, "{endpoint}");
        }
    }
}
