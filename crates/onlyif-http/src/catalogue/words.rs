//! What each kind of problem means, and what to do next: for the person who meets it.

use onlyif::problem::Code;

/// What a kind of problem means.
pub fn meaning(code: Code) -> &'static str {
    match code {
        Code::MalformedRequest => {
            "The request breaks a rule before anything is looked at: the body is not JSON, a header \
             cannot be read, or the query holds a parameter that this route does not take. \
             Everything that is wrong stands in `errors`, each with its place."
        }
        Code::Unauthenticated => "The request came without a token, or with one that names nobody.",
        Code::Forbidden => {
            "We know who you are, and you may not do this. `detail` says what it takes: one of some \
             scopes, which your token does not grant, or to be who created the resource."
        }
        Code::NotFound => {
            "The path names a type, a transition or a resource that is not here. A resource that you \
             may not read is answered the same way, so that nobody can find out which ids are taken."
        }
        Code::Gone => {
            "There was a resource under this id, and somebody deleted it: `conflicts` says who and \
             when. The id is not reserved: it can be created again, and no old entity tag will \
             match the new resource."
        }
        Code::MethodNotAllowed => {
            "The path is right, and it takes other methods: they stand in the header `Allow`."
        }
        Code::NotAcceptable => {
            "Your `Accept` header leaves out everything that this route can answer with. Resources \
             are answered as `application/json`."
        }
        Code::ContentTooLarge => {
            "The body, or the document that the change would have made of it, is larger than is \
             taken. A document may have 300 KB. Nothing was written."
        }
        Code::UnsupportedMediaType => {
            "`Content-Type` is missing, or names something that this route does not read, or a \
             charset other than UTF-8; or the body came with a `Content-Encoding`."
        }
        Code::StaleVersion => {
            "Somebody changed the resource after you read it, so your change was based on what is no \
             longer there. Nothing was written, and nothing of theirs is lost. `fields` shows what \
             changed since, by whom, and whether your change touches the same."
        }
        Code::AlreadyExists => {
            "You asked to create a resource under this id only if there is none, and there is one. \
             Nothing was written."
        }
        Code::Duplicate => {
            "Another resource of this type holds a value that only one may have. `fields` names the \
             value, and `holder`, where it may be told, the resource. Nothing was written."
        }
        Code::InvalidTransition => {
            "The transition starts from other states than the one that the resource is in: `from` \
             has them. Somebody may have been faster: `by` and `since` say who brought it into its \
             state, and when."
        }
        Code::NotAllowedInState => {
            "In the state that the resource is in, it cannot be changed or deleted: `allowedIn` has \
             the states in which it can. Transitions have rules of their own."
        }
        Code::ConditionNotMet => {
            "The declaration requires something of the resource that does not hold now, or a `test` \
             of your JSON Patch failed. The conflict names the field, what is required of it and what \
             is there. Nothing was written."
        }
        Code::Leased => {
            "For a while nobody but the holder of its lease may write the resource: `holder` says who \
             that is, and `until` when it ends. Or the `Lease-Token` that you sent, `yours`, is not that \
             of the newest lease any more: somebody has taken another since. Nothing was written."
        }
        Code::MissingReference => {
            "The request names another resource that has to be there and is not: `pointer` says where, \
             `target` which one. Nothing was written."
        }
        Code::HasDependents => {
            "Other resources refer to this one, and their declaration says that it stays while they \
             do. `dependents` counts them by type. Nothing was written."
        }
        Code::Contention => {
            "So many others wrote the same resource at the same moment that yours did not get its \
             turn. It was tried several times, and nothing was written."
        }
        Code::InvalidResource => {
            "The request can be read, but what it would store does not satisfy the type's schema, or \
             it writes what clients may not write. Everything that is wrong stands in `errors`, each \
             with a pointer into the body. Nothing was written."
        }
        Code::IdempotencyKeyReused => {
            "You sent this `Idempotency-Key` before, with another method, path, query or body. A key \
             stands for one request: the record of that one is kept, and nothing was written now."
        }
        Code::PreconditionRequired => {
            "A change has to say which version it is based on. Otherwise it could overwrite, unseen, \
             what somebody else has just written."
        }
        Code::Internal => {
            "The service met something that it should not have. Your request is not at fault."
        }
        Code::Unavailable => {
            "The service could not do its work just now: it is overloaded, or something that it needs \
             does not answer. Nothing was written."
        }
        Code::OutcomeUnknown => {
            "The request was sent on to be written, and no answer came in time. It may have been \
             written, or not."
        }
    }
}

/// What to do next about a kind of problem.
pub fn remedy(code: Code) -> &'static str {
    match code {
        Code::MalformedRequest => {
            "Mend what `errors` lists and send the request again. The same request will always be \
             refused."
        }
        Code::Unauthenticated => {
            "Send `Authorization: Bearer …` with a token of the issuer that this API trusts."
        }
        Code::Forbidden => "Ask for a token with one of the scopes, or let somebody do it who may.",
        Code::NotFound => {
            "Check the path for a slip of the pen. `GET /v1` lists the types and their transitions, \
             and each list its resources."
        }
        Code::Gone => {
            "Drop what you hold of it. To have it back, create it: `PUT` to the same path with \
             `If-None-Match: *`."
        }
        Code::MethodNotAllowed => "Use one of the methods in `Allow`.",
        Code::NotAcceptable => {
            "Accept `application/json` and `application/problem+json`, or leave `Accept` out."
        }
        Code::ContentTooLarge => "Make the document smaller, or split it into several resources.",
        Code::UnsupportedMediaType => {
            "Send `Content-Type: application/json`; for a `PATCH` \
             `application/merge-patch+json` or `application/json-patch+json`. Do not compress the body."
        }
        Code::StaleVersion => {
            "Follow one of the `resolutions`: `merge` makes your changes alone to what is there now, \
             `overwrite` puts your version in its place, `discard` shows it. Or read the resource, \
             decide again, and send the change with the new `ETag`."
        }
        Code::AlreadyExists => {
            "Read what is there. To change it, send `If-Match` with its `ETag`; to create another \
             one, choose another id, or `POST` and let the service choose."
        }
        Code::Duplicate => {
            "Send another value; or, if you meant the resource that holds it, read that one."
        }
        Code::InvalidTransition => {
            "Look at `allowed` for what you may do now. Where there is a way, `path` has the \
             transitions that lead to this one, and the first of them is ready to send in \
             `resolutions`."
        }
        Code::NotAllowedInState => {
            "See `GET …/transitions` for what is legal now: a transition may lead to a state that \
             allows it."
        }
        Code::ConditionNotMet => {
            "Read the resource. When what is required holds, the same request will work; until then \
             another one is needed."
        }
        Code::Leased => {
            "Wait until the lease ends and send the same request again: `Retry-After` says in how many \
             seconds. Where the conflict has `yours`, waiting is of no use: take a new lease, look at \
             the resource, and send the new token."
        }
        Code::MissingReference => {
            "Name another resource, or create the missing one first; then send the request again."
        }
        Code::HasDependents => {
            "Delete what refers to it first, or let it refer to something else; a transaction can do \
             both at once. Then send the request again."
        }
        Code::Contention => {
            "Wait for the seconds in `Retry-After`, best with some more at random, and send the same \
             request again."
        }
        Code::InvalidResource => {
            "Mend what `errors` lists and send the request again. The schema is in `/openapi.json`."
        }
        Code::IdempotencyKeyReused => {
            "Send a new key with a new request. To repeat the earlier one, send it exactly as it was."
        }
        Code::PreconditionRequired => {
            "Read the resource and send its `ETag` in `If-Match`. `If-Match: *` overwrites whatever \
             is there: send it only if you mean that. To create, send `If-None-Match: *`."
        }
        Code::Internal => {
            "Tell those who run the service the `requestId`: they can look the cause up. Sending the \
             request again will hardly help."
        }
        Code::Unavailable => {
            "Wait for the seconds in `Retry-After` and send the same request again."
        }
        Code::OutcomeUnknown => {
            "With an `Idempotency-Key`, send the same request again: it is done at most once. Without \
             one, read the resource before you send anything again: `updatedBy`, `updatedAt` and its \
             fields show whether it is yours."
        }
    }
}
