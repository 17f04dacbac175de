//! Which route an HTTP API takes for a request, chosen as API Gateway chooses.
//!
//! The path that is matched is the decoded one: API Gateway decodes before it matches, so that an
//! encoded slash parts segments like a plain one.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>

use crate::function::Function;

/// One route of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// As the template writes it and the event repeats it: `GET /v1/{type}`, or `$default`.
    pub key: String,
    /// Which function serves it.
    pub function: Function,
    /// Whether the authorizer stands before it.
    pub authorized: bool,
}

/// The routes of an API, the most specific first.
#[derive(Clone, Debug)]
pub struct Routes {
    patterns: Vec<Pattern>,
    default: Option<Route>,
}

/// A route that was chosen, and what the path says for its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The route.
    pub route: &'a Route,
    /// Its variables' names and values, decoded.
    pub parameters: Vec<(&'a str, &'a str)>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// `None`: any method.
    method: Option<String>,
    segments: Vec<Segment>,
    route: Route,
}

/// The order of the variants is the order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// `{name}`: one segment.
    Variable(String),
    /// `{name+}`: the rest of the path, at least one character of it.
    Greedy(String),
}

impl Segment {
    fn rank(&self) -> u8 {
        match self {
            Segment::Literal(_) => 0,
            Segment::Variable(_) => 1,
            Segment::Greedy(_) => 2,
        }
    }
}

impl Routes {
    /// Reads the route keys, and sorts them by preference: segment by segment a literal before a
    /// variable before a greedy variable, then a named method before `ANY`.
    ///
    /// # Errors
    /// A sentence that names the key that API Gateway would not take.
    pub fn new(routes: Vec<Route>) -> Result<Self, String> {
        let mut patterns = Vec::new();
        let mut default = None;
        for route in routes {
            if route.key == "$default" {
                default = Some(route);
            } else {
                patterns.push(Pattern::parse(route)?);
            }
        }
        patterns.sort_by_key(|pattern| {
            let ranks: Vec<u8> = pattern.segments.iter().map(Segment::rank).collect();
            (ranks, pattern.method.is_none())
        });
        Ok(Routes { patterns, default })
    }

    /// The route for this method and decoded path; `None` where nothing matches and there is no
    /// `$default`.
    pub fn choose<'a>(&'a self, method: &str, path: &'a str) -> Option<Chosen<'a>> {
        self.patterns
            .iter()
            .filter(|pattern| {
                pattern
                    .method
                    .as_deref()
                    .is_none_or(|named| named == method)
            })
            .find_map(|pattern| {
                Some(Chosen {
                    route: &pattern.route,
                    parameters: pattern.parameters(path)?,
                })
            })
            .or_else(|| {
                Some(Chosen {
                    route: self.default.as_ref()?,
                    parameters: Vec::new(),
                })
            })
    }

    /// All the routes, the most specific first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.patterns
            .iter()
            .map(|pattern| &pattern.route)
            .chain(self.default.as_ref())
    }
}

impl Pattern {
    fn parse(route: Route) -> Result<Self, String> {
        let wrong = |why: &str| format!("The route key `{}` {why}.", route.key);
        let Some((method, path)) = route.key.split_once(' ') else {
            return Err(wrong("is neither `METHOD /path` nor `$default`"));
        };
        let Some(path) = path.strip_prefix('/') else {
            return Err(wrong("has a path that does not begin with `/`"));
        };
        let mut segments = Vec::new();
        for text in path.split('/').filter(|_| !path.is_empty()) {
            if matches!(segments.last(), Some(Segment::Greedy(_))) {
                return Err(wrong("has something after its greedy variable"));
            }
            segments.push(
                match text
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'))
                {
                    Some(name) => match name.strip_suffix('+') {
                        Some(name) => Segment::Greedy(name.to_owned()),
                        None => Segment::Variable(name.to_owned()),
                    },
                    None => Segment::Literal(text.to_owned()),
                },
            );
        }
        Ok(Pattern {
            method: (method != "ANY").then(|| method.to_owned()),
            segments,
            route,
        })
    }

    /// What the path says for the variables; `None` where it does not match.
    fn parameters<'a>(&'a self, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let mut parameters = Vec::new();
        let mut rest = path.strip_prefix('/');
        for segment in &self.segments {
            let here = rest?;
            if let Segment::Greedy(name) = segment {
                return (!here.is_empty()).then(|| {
                    parameters.push((name.as_str(), here));
                    parameters
                });
            }
            let (value, after) = match here.split_once('/') {
                Some((value, after)) => (value, Some(after)),
                None => (here, None),
            };
            match segment {
                Segment::Literal(literal) if literal == value => {}
                Segment::Variable(name) if !value.is_empty() => parameters.push((name, value)),
                _ => return None,
            }
            rest = after;
        }
        // The root has no segments, and nothing after its slash.
        let ended = rest.is_none() || (self.segments.is_empty() && rest == Some(""));
        ended.then_some(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(keys: &[&str]) -> Routes {
        Routes::new(
            keys.iter()
                .map(|key| Route {
                    key: (*key).to_owned(),
                    function: Function::Describe,
                    authorized: false,
                })
                .collect(),
        )
        .unwrap()
    }

    #[test]
    fn the_most_specific_route_wins_whatever_the_order_of_the_template() {
        let routes = routes(&[
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{proxy+}",
            "GET /pets/{kind}/{id}",
            "ANY /pets/dog/1",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
            "GET /",
        ]);
        type Case = (
            &'static str,
            &'static str,
            &'static str,
            &'static [(&'static str, &'static str)],
        );
        let cases: &[Case] = &[
            ("GET", "/pets/dog/1", "GET /pets/dog/1", &[]),
            ("POST", "/pets/dog/1", "ANY /pets/dog/1", &[]),
            ("GET", "/pets/dog/2", "GET /pets/dog/{id}", &[("id", "2")]),
            (
                "GET",
                "/pets/cat/1",
                "GET /pets/{kind}/{id}",
                &[("kind", "cat"), ("id", "1")],
            ),
            (
                "GET",
                "/pets/cat",
                "GET /pets/{proxy+}",
                &[("proxy", "cat")],
            ),
            (
                "GET",
                "/pets/a/b/c",
                "GET /pets/{proxy+}",
                &[("proxy", "a/b/c")],
            ),
            (
                "GET",
                "/pets/dog/1/",
                "GET /pets/{proxy+}",
                &[("proxy", "dog/1/")],
            ),
            (
                "POST",
                "/pets/cat/1",
                "ANY /{proxy+}",
                &[("proxy", "pets/cat/1")],
            ),
            ("GET", "/pets/", "ANY /{proxy+}", &[("proxy", "pets/")]),
            (
                "GET",
                "//pets/dog/1",
                "ANY /{proxy+}",
                &[("proxy", "/pets/dog/1")],
            ),
            ("GET", "/", "GET /", &[]),
            ("POST", "/", "$default", &[]),
        ];
        for (method, path, key, parameters) in cases {
            let chosen = routes.choose(method, path).unwrap();
            assert_eq!(chosen.route.key, *key, "{method} {path}");
            assert_eq!(chosen.parameters, *parameters, "{method} {path}");
        }
    }

    #[test]
    fn a_variable_takes_one_segment_that_is_not_empty() {
        let routes = routes(&["GET /v1/{type}", "GET /v1/{type}/{id}", "GET /v1"]);
        let cases = [
            ("/v1", Some("GET /v1")),
            ("/v1/orders", Some("GET /v1/{type}")),
            ("/v1/orders/o-1", Some("GET /v1/{type}/{id}")),
            ("/v1/", None),
            ("/v1/orders/", None),
            ("/v1//o-1", None),
            ("/v1/orders/o-1/", None),
            ("/v1/orders/a/b", None),
            ("/", None),
            ("", None),
            ("/V1/orders", None),
        ];
        for (path, key) in cases {
            let chosen = routes
                .choose("GET", path)
                .map(|chosen| chosen.route.key.as_str());
            assert_eq!(chosen, key, "{path}");
            assert_eq!(
                routes.choose("HEAD", path),
                None,
                "{path}: no route derives another"
            );
        }
    }

    #[test]
    fn a_key_that_api_gateway_would_not_take_is_named() {
        for key in ["GET", "GET v1", "GET /{proxy+}/more", "default"] {
            let route = Route {
                key: key.to_owned(),
                function: Function::Describe,
                authorized: false,
            };
            let sentence = Routes::new(vec![route]).unwrap_err();
            assert!(sentence.contains(&format!("`{key}`")), "{sentence}");
        }
    }
}
