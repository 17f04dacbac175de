//! Addresses that the API gives out.

use onlyif::tag::Tag;

use crate::exchange::Exchange;

impl Exchange<'_> {
    /// What begins every address: from the settings, or from API Gateway's own word; never from a
    /// header that a client chooses.
    pub fn base_url(&self) -> String {
        if let Some(url) = &self.settings.base_url {
            return url.clone();
        }
        let host = self
            .context()
            .and_then(|context| context.domain_name.as_deref());
        let stage = self
            .stage()
            .map(|stage| format!("/{stage}"))
            .unwrap_or_default();
        format!("https://{}{stage}", host.unwrap_or("localhost"))
    }

    /// A reference to a path of the API, as a path.
    pub fn href(&self, path: &str) -> String {
        let base = self.base_url();
        let prefix = base
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|start| &rest[start..]))
            .unwrap_or_default();
        format!("{prefix}{path}")
    }

    /// A reference to a resource. Ids, types and transitions are made of unreserved characters.
    pub fn resource(&self, type_name: &str, id: &str) -> String {
        self.href(&format!("/v1/{type_name}/{id}"))
    }

    /// A reference to a transition of a resource.
    pub fn transition_href(&self, type_name: &str, id: &str, transition: &str) -> String {
        self.href(&format!("/v1/{type_name}/{id}/transitions/{transition}"))
    }
}

/// A tag as a header's value.
pub fn quoted(tag: &Tag) -> String {
    format!("\"{tag}\"")
}
