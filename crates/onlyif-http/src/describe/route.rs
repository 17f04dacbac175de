//! What a path names, and the methods that it takes.

use lambda_http::http::Method;
use onlyif::declaration::{Declaration, Transition};
use onlyif::problem::{Code, Problem};

use crate::exchange::{Exchange, possible, transition_named, type_named};
use crate::lease::without_leases;

/// What a path of the API names.
#[derive(Clone, Copy, Debug)]
pub enum Route<'a> {
    /// `/v1`
    Index,
    /// `/openapi.json`
    Document,
    /// `/problems`
    Problems,
    /// `/problems/{code}`
    Problem(Code),
    /// `/v1/transactions`
    Transactions,
    /// `/v1/{type}`
    List(&'a Declaration),
    /// `/v1/{type}/{id}`
    One(&'a Declaration),
    /// `/v1/{type}/{id}/transitions`
    Transitions(&'a Declaration),
    /// `/v1/{type}/{id}/history`
    History(&'a Declaration),
    /// `/v1/{type}/{id}/lease`
    Lease,
    /// `/v1/{type}/{id}/transitions/{transition}`
    Transition(&'a Transition),
}

impl<'a> Route<'a> {
    /// What the path of a request names. Of a request that no other function took the path alone is
    /// known, and comes decoded.
    ///
    /// # Errors
    /// `not-found`, saying which part of the path names nothing.
    pub fn find(exchange: &Exchange<'a>) -> Result<Self, Problem> {
        let path = exchange.path();
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let declaration = |name: &str| type_named(exchange.declarations, name);
        match segments.as_slice() {
            ["v1"] => Ok(Route::Index),
            ["openapi.json"] => Ok(Route::Document),
            ["problems"] => Ok(Route::Problems),
            ["problems", name] => Code::named(name).map(Route::Problem).ok_or_else(|| {
                let detail =
                    format!("There is no kind of problem \"{name}\". GET /problems lists them.");
                Problem::new(Code::NotFound, detail)
            }),
            ["v1", "transactions"] => Ok(Route::Transactions),
            ["v1", kind] => Ok(Route::List(declaration(kind)?)),
            ["v1", kind, id] => {
                let declaration = declaration(kind)?;
                possible((*id).to_owned())?;
                Ok(Route::One(declaration))
            }
            ["v1", kind, id, "transitions"] => {
                let declaration = declaration(kind)?;
                possible((*id).to_owned())?;
                Ok(Route::Transitions(declaration))
            }
            ["v1", kind, id, "history"] => {
                let declaration = declaration(kind)?;
                possible((*id).to_owned())?;
                Ok(Route::History(declaration))
            }
            ["v1", kind, id, "lease"] => {
                let declaration = declaration(kind)?;
                if declaration.lease_max_s.is_none() {
                    return Err(without_leases(declaration));
                }
                possible((*id).to_owned())?;
                Ok(Route::Lease)
            }
            ["v1", kind, id, "transitions", name] => {
                let declaration = declaration(kind)?;
                possible((*id).to_owned())?;
                Ok(Route::Transition(transition_named(declaration, name)?))
            }
            _ => Err(Problem::new(
                Code::NotFound,
                "There is nothing under this path. GET /v1 lists what there is.",
            )),
        }
    }

    /// The methods that the path takes.
    pub fn methods(&self) -> &'static [&'static str] {
        match self {
            Route::Index
            | Route::Document
            | Route::Problems
            | Route::Problem(_)
            | Route::Transitions(_)
            | Route::History(_) => &["GET", "HEAD", "OPTIONS"],
            Route::List(_) => &["GET", "HEAD", "POST", "OPTIONS"],
            Route::One(_) => &["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
            Route::Lease => &["GET", "HEAD", "PUT", "DELETE", "OPTIONS"],
            Route::Transition(_) | Route::Transactions => &["POST", "OPTIONS"],
        }
    }

    /// The problem of a method that the path does not take.
    pub fn not_allowed(&self, method: &Method) -> Problem {
        let detail = format!(
            "This path does not take {method}. It takes {}.",
            self.methods().join(", ")
        );
        Problem::new(Code::MethodNotAllowed, detail)
    }
}
