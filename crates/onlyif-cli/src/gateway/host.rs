//! Which `Host` an API answers to: its own. API Gateway answers 403 to any other; locally that
//! also keeps web pages away that have their own name resolve to this machine (DNS rebinding).

use std::net::IpAddr;

use http::header;
use http::request::Parts;
use http::uri::Authority;

/// Whether the request is meant for this API. Where the API is served to other machines (`remote`)
/// they may know it by any name.
pub(crate) fn is_ours(request: &Parts, remote: bool) -> bool {
    let Some(sent) = sent(request) else {
        // HTTP/1.0 has no Host.
        return !request.headers.contains_key(header::HOST);
    };
    let host = sent.host();
    let plain = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte));
    let port = sent.as_str().strip_prefix(host).unwrap_or("?");
    let sound = plain && (port.is_empty() || sent.port_u16().is_some());
    sound && (remote || is_this_machine(host))
}

/// The name by which the request knows this API.
pub(super) fn domain(request: &Parts) -> String {
    sent(request).map_or_else(|| "localhost".to_owned(), |sent| sent.host().to_owned())
}

fn sent(request: &Parts) -> Option<Authority> {
    if let Some(authority) = request.uri.authority() {
        return Some(authority.clone());
    }
    request
        .headers
        .get(header::HOST)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    bare.parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback())
        || name == "localhost"
        || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn asked(host: &str, remote: bool) -> bool {
        let (parts, ()) = Request::get("/v1")
            .header("host", host)
            .body(())
            .unwrap()
            .into_parts();
        is_ours(&parts, remote)
    }

    #[test]
    fn the_api_answers_to_its_own_names() {
        for host in [
            "127.0.0.1:3000",
            "127.0.0.1",
            "localhost:3000",
            "LocalHost",
            "api.localhost:3000",
            "[::1]:3000",
            "127.0.0.2",
        ] {
            assert!(asked(host, false), "{host}");
            assert!(asked(host, true), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:3000",
            "192.168.1.4:3000",
            "onlyif.lan",
        ] {
            assert!(!asked(host, false), "{host}");
            assert!(asked(host, true), "{host}");
        }
        for host in [
            "",
            "127.0.0.1:99999",
            "127.0.0.1:x",
            "alice@127.0.0.1",
            "a b",
            "127.0.0.1/x",
            "%31",
        ] {
            assert!(!asked(host, false), "{host}");
            assert!(!asked(host, true), "{host}");
        }
    }

    #[test]
    fn a_request_without_a_host_is_taken() {
        let (parts, ()) = Request::get("/v1").body(()).unwrap().into_parts();
        assert!(is_ours(&parts, false));
        assert_eq!(domain(&parts), "localhost");
    }
}
