//! An API that is deployed, instead of a server in this process: `ONLYIF_TEST_API=URL`. Every test has a
//! tenant of its own there, as it has a table of its own elsewhere.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use onlyif_cli::serve::Options;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::table;

/// A deployed API, and the issuer of tokens that its authorizer trusts.
pub(crate) struct Deployed {
    pub(crate) url: String,
    issuer: String,
    audience: String,
    key: RsaKeyPair,
    tenant: String,
    scopes: String,
    resources: String,
}

impl Deployed {
    /// What the environment asks to be tested: `ONLYIF_TEST_API` is its address, `ONLYIF_TEST_ISSUER`
    /// and `ONLYIF_TEST_AUDIENCE` are what its tokens have to name, `ONLYIF_TEST_KEY` is a file with
    /// the key that signs them (RSA, PKCS #8, DER; its id is `tests`), `ONLYIF_TEST_SCOPES` all that
    /// a caller can be granted, and `ONLYIF_TEST_RESOURCES` the folder whose types are deployed.
    pub(crate) fn named() -> Option<Self> {
        let url = std::env::var("ONLYIF_TEST_API")
            .ok()
            .filter(|url| !url.is_empty())?;
        let with_it = |name: &str| std::env::var(name).expect(name);
        let key = std::fs::read(with_it("ONLYIF_TEST_KEY")).expect("the key's file");
        Some(Deployed {
            url,
            issuer: with_it("ONLYIF_TEST_ISSUER"),
            audience: with_it("ONLYIF_TEST_AUDIENCE"),
            key: RsaKeyPair::from_pkcs8(&key).expect("an RSA key"),
            tenant: table(),
            scopes: with_it("ONLYIF_TEST_SCOPES"),
            resources: with_it("ONLYIF_TEST_RESOURCES"),
        })
    }

    /// Ends the test where it needs a server that this one is not.
    pub(crate) fn must_be(&self, options: &Options) {
        let absolute = |path: &Path| std::fs::canonicalize(path).expect("a folder");
        let default = Options::default();
        assert_eq!(
            absolute(&options.resources),
            absolute(Path::new(&self.resources)),
            "this test is about types that are not deployed"
        );
        assert!(
            options.store.is_none()
                && options.base_url.is_none()
                && options.stale_status == default.stale_status
                && options.template == default.template
                && !options.seed,
            "this test needs a server of its own"
        );
    }

    /// A token of who may do everything.
    pub(crate) fn trusted(&self, actor: &str) -> String {
        self.token(&json!({"sub": actor, "scope": self.scopes}))
    }

    /// A token with these claims, and with what every token needs where they do not say it.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let mut all = json!({
            "iss": self.issuer,
            "aud": self.audience,
            // 2100: what is tested is not how tokens end. API Gateway hands every claim over as a text,
            // an emulator as it is.
            "exp": "4102444800",
            "tenant": self.tenant,
        });
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": "tests"});
        let signed = format!("{}.{}", part(&head), part(&all));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("a signature");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}
