//! OpenAPI 3.1: the declarations as a document that clients, tools and people read.
//!
//! Every path is spelled out, one for each type and each transition, with everything that it takes
//! and answers. HTTP's own words are here only to be written down: which status a problem has is
//! the edge's business, and comes in as data.
//!
//! # Layout, in reading order
//!
//! - [`document`]: the whole
//! - `collection`, `resource`, `transitions`, `history`, `lease`, `transactions`, `discovery`: the routes, by their paths
//! - `operation`, `headers`: what an operation is made of, and what operations share
//! - `lifecycle`, `effects`, `links`: states, transitions and what can come next, in words
//! - `deprecated`: what is added where the type is
//! - `shapes`, `patches`, `reserved`, `moved`: the schemas of a type
//! - `problems`, `conflicts`: the schemas of refusals

mod collection;
mod discovery;
mod history;
mod lease;
mod resource;
mod transactions;
mod transitions;

mod deprecated;
mod effects;
mod headers;
mod lifecycle;
mod links;
mod operation;

mod moved;
mod patches;
mod references;
mod reserved;
mod shapes;

mod conflicts;
mod problems;

use serde_json::{Map, Value, json};

use crate::declaration::Declarations;
use crate::problem::Code;
use operation::{Operation, options};
use problems::Catalogue;

/// What the catalogue says of one kind of problem.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemDoc {
    /// The kind.
    pub code: Code,
    /// The status of its answers.
    pub status: u16,
    /// The title of all problems of this kind.
    pub title: String,
    /// What it means and what to do next, for a person.
    pub description: String,
    /// `now`, `after-refresh` or `never`.
    pub retry: String,
    /// A problem of this kind, as the API answers it.
    pub example: Value,
}

/// The OpenAPI 3.1 document of these types, served at `server` (an address without a slash at its
/// end).
///
/// `problems` are those that this deployment answers, in the catalogue's order. Others appear
/// nowhere; without [`Code::Unauthenticated`] no caller is asked for, and there is no security.
pub fn document(declarations: &Declarations, server: &str, problems: &[ProblemDoc]) -> Value {
    let catalogue = Catalogue(problems);
    let shared = catalogue.shared_responses();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Onlyif API",
            "version": "1",
            "description": introduction(),
        },
        "servers": [{ "url": server }],
    });
    // What is large is moved in: `json!` would copy it.
    document["tags"] = tags(declarations).into();
    document["paths"] = paths(declarations, &catalogue, &shared).into();
    for (name, all) in [
        ("schemas", schemas(declarations, &catalogue)),
        ("responses", shared),
        ("parameters", headers::parameters()),
        ("headers", headers::answered()),
        ("examples", catalogue.examples()),
    ] {
        document["components"][name] = all.into();
    }
    if catalogue.has(Code::Unauthenticated) {
        document["security"] = json!([{ "bearer": [] }]);
        document["components"]["securitySchemes"] = json!({
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "`sub` is the actor, `scope` the scopes, and `tenant` whose resources they are.",
            },
        });
    }
    document
}

fn introduction() -> &'static str {
    "An API in which no update is lost. Every resource has an `ETag`; a change says in `If-Match` \
     which one it is based on, and is refused if the resource has changed since. A refusal is a \
     problem (RFC 9457): it says what changed, who changed it, when, and which request would \
     resolve it.\n\n\
     Where the gateway in front answers by itself (401 for a token that it does not take, 413 past \
     10 MB, 429 when it is throttling), the body is its own and not a problem."
}

fn tags(declarations: &Declarations) -> Vec<Value> {
    let mut tags: Vec<Value> = declarations
        .iter()
        .map(|declaration| {
            let mut tag = json!({ "name": declaration.name });
            let deprecated = declaration.deprecated.as_ref().map(deprecated::sentence);
            let told: Vec<String> = [
                declaration.description.clone(),
                deprecated,
                lifecycle::described(declaration),
                references::described(declaration),
            ]
            .into_iter()
            .flatten()
            .collect();
            if !told.is_empty() {
                tag["description"] = told.join("\n\n").into();
            }
            tag
        })
        .collect();
    tags.push(json!({ "name": transactions::TAG, "description": "Several operations, all of which happen or none." }));
    tags.push(json!({ "name": discovery::TAG, "description": "What the API says about itself." }));
    tags
}

/// `shared` are the responses among the components.
fn paths(
    declarations: &Declarations,
    catalogue: &Catalogue<'_>,
    shared: &Map<String, Value>,
) -> Map<String, Value> {
    let mut paths = Map::new();
    for declaration in declarations.iter() {
        let path = |operations: &[(&str, Operation)], of_one| {
            let mut item = path(operations, of_one, catalogue);
            if let Some(deprecation) = &declaration.deprecated {
                let operations = item.values_mut().filter(|each| each.is_object());
                operations.for_each(|each| deprecated::mark(each, deprecation, shared));
            }
            Value::Object(item)
        };
        let along = |operation, change| lease::along(operation, change, declarations);
        let guarded = |operation| lease::guarded(operation, declaration);
        let create = declaration.create.as_ref();
        let list = collection::list(declaration);
        let read = resource::read(declaration);
        let legal = transitions::list(declaration);
        let all = format!("/v1/{}", declaration.name);
        let operations = [
            ("get", list.clone()),
            ("head", list.head()),
            ("post", along(collection::create(declaration), create)),
        ];
        paths.insert(all.clone(), path(&operations, false));
        let one = format!("{all}/{{id}}");
        let operations = [
            ("get", read.clone()),
            ("head", read.head()),
            (
                "put",
                guarded(along(resource::replace(declaration), create)),
            ),
            ("patch", guarded(resource::patch(declaration))),
            (
                "delete",
                guarded(resource::delete(declarations, declaration)),
            ),
        ];
        paths.insert(one.clone(), path(&operations, true));
        let told = history::read(declaration);
        let operations = [("get", told.clone()), ("head", told.head())];
        let item = path(&operations, true);
        paths.insert(format!("{one}/history"), item);
        if let Some(max_s) = declaration.lease_max_s {
            let leased = lease::read(declaration);
            let operations = [
                ("get", leased.clone()),
                ("head", leased.head()),
                ("put", lease::take(declaration, max_s)),
                ("delete", lease::release(declaration)),
            ];
            paths.insert(format!("{one}/lease"), path(&operations, true));
        }
        let of_one = format!("{one}/transitions");
        let operations = [("get", legal.clone()), ("head", legal.head())];
        paths.insert(of_one.clone(), path(&operations, true));
        for transition in &declaration.transitions {
            let request = transitions::request(declaration, transition);
            let operations = [("post", guarded(along(request, Some(transition))))];
            let item = path(&operations, true);
            paths.insert(format!("{of_one}/{}", transition.name), item);
        }
    }
    let operations = [("post", transactions::transact())];
    paths.insert(
        "/v1/transactions".to_owned(),
        Value::Object(path(&operations, false, catalogue)),
    );
    paths.extend(discovery::paths(catalogue));
    paths
}

/// A path with these operations by method, and `OPTIONS`. `of_one`: it is the path of one resource,
/// or of something of it.
fn path(
    operations: &[(&str, Operation)],
    of_one: bool,
    catalogue: &Catalogue<'_>,
) -> Map<String, Value> {
    let mut item = Map::new();
    if of_one {
        item.insert("parameters".to_owned(), json!([headers::parameter("Id")]));
    }
    for (method, operation) in operations {
        item.insert((*method).to_owned(), operation.to_json(catalogue));
    }
    if let Some((_, first)) = operations.first() {
        let patchable = item.contains_key("patch");
        let options = options(&first.id, &first.tag, of_one, patchable);
        item.insert("options".to_owned(), options.to_json(catalogue));
    }
    item
}

fn schemas(declarations: &Declarations, catalogue: &Catalogue<'_>) -> Map<String, Value> {
    let own = |(name, schema): (&str, Value)| (name.to_owned(), schema);
    let mut schemas: Map<String, Value> =
        declarations.iter().flat_map(shapes::components).collect();
    schemas.extend(reserved::components().into_iter().map(own));
    schemas.insert("JsonPatch".to_owned(), patches::json_patch());
    schemas.insert(history::PAGE.to_owned(), history::page());
    if declarations.iter().any(|each| each.lease_max_s.is_some()) {
        schemas.insert(lease::LEASE.to_owned(), lease::lease());
    }
    schemas.extend(catalogue.schemas());
    schemas.extend(discovery::schemas(catalogue));
    schemas
}
