//! Links: what can be done next with a resource that was just created.

use serde_json::{Value, json};

use super::transitions;
use crate::declaration::Declaration;

/// Where the id of a new resource stands in the answer to `POST`.
pub(super) const IN_THE_BODY: &str = "$response.body#/id";
/// Where it stands in a `PUT`, whatever is answered.
pub(super) const IN_THE_PATH: &str = "$request.path.id";

/// The links of an answer that says that a resource was created, by their names; `id` is the runtime
/// expression of its id.
///
/// <https://spec.openapis.org/oas/v3.1.0#link-object>
pub(super) fn of_created(declaration: &Declaration, id: &str) -> Vec<(String, Value)> {
    let name = &declaration.name;
    let link = |operation: &str, based_on_it: bool, description: &str| {
        let mut parameters = json!({ "id": id });
        if based_on_it {
            parameters["If-Match"] = json!("$response.header.ETag");
        }
        let mut description = description.to_owned();
        if id == IN_THE_BODY {
            description.push_str(
                " Where the answer has no body, the id is the last segment of its `Location`.",
            );
        }
        json!({
            "operationId": format!("{operation}.{name}"),
            "parameters": parameters,
            "description": description,
        })
    };
    let mut links: Vec<(String, Value)> = [
        ("read", false, "Read it."),
        ("replace", true, "Replace it, as it was created."),
        (
            "patch",
            true,
            "Change some of its fields, as it was created.",
        ),
        ("delete", true, "Delete it, as it was created."),
        ("list-transitions", false, "What may happen to it now."),
        ("history", false, "What has changed in it since."),
    ]
    .into_iter()
    .map(|(operation, based_on_it, description)| {
        (
            operation.to_owned(),
            link(operation, based_on_it, description),
        )
    })
    .collect();
    if declaration.lease_max_s.is_some() {
        let lease = link("lease", false, "Write it alone for a while.");
        links.push(("lease".to_owned(), lease));
    }
    for transition in &declaration.transitions {
        let mut link = link("", false, &format!("{}.", transitions::summary(transition)));
        link["operationId"] = transitions::id(declaration, transition).into();
        links.push((format!("transition.{}", transition.name), link));
    }
    links
}
