//! Bodies of requests, as far as API Gateway takes them.

use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};

use super::Refusal;

/// The most bytes that API Gateway takes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const LIMIT: usize = 10 * 1024 * 1024;

/// A body past the limit is read to its end all the same, up to here: a client that is still
/// sending when the connection closes may never see the answer.
const DRAINED: usize = 100 * 1024 * 1024;

/// The whole body.
pub(super) async fn read<B>(mut body: B) -> Result<Vec<u8>, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the body broke off"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= LIMIT {
            bytes.extend_from_slice(&data);
        } else if length > DRAINED {
            break;
        }
    }
    if length > LIMIT {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "API Gateway takes no body over 10 MB",
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    #[tokio::test]
    async fn ten_megabytes_are_the_most_that_is_taken() {
        for (length, taken) in [(0, true), (1, true), (LIMIT, true), (LIMIT + 1, false)] {
            let body = Full::new(Bytes::from(vec![b' '; length]));
            let read = read(body).await;
            assert_eq!(
                read.as_ref().map(Vec::len).ok(),
                taken.then_some(length),
                "{length}"
            );
            if let Err(refusal) = read {
                assert_eq!(refusal.status, StatusCode::PAYLOAD_TOO_LARGE);
            }
        }
    }
}
