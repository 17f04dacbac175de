//! A table of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use onlyif_dynamodb::{Definition, Index, Settings, Table, attributes};

/// An empty table, in a server that lives as long as the test's runtime.
pub(crate) async fn table() -> Table {
    table_of(&definition()).await
}

async fn table_of(definition: &Definition) -> Table {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let url = match std::env::var("STORE_URL") {
        Ok(url) => url,
        Err(_) => serve().await,
    };
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let name = format!("store-test-{}-{number}", std::process::id());
    let table = Table::connect(&Settings::emulated(name, url)).expect("a client");
    table
        .create_if_missing(definition)
        .await
        .expect("the table can be made");
    table
}

async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("its address");
    let database = dynoxide::Database::memory().expect("a database in memory");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

/// The table as `infra/storage.yaml` declares it.
pub(crate) fn definition() -> Definition {
    Definition {
        partition_key: attributes::PARTITION_KEY.into(),
        sort_key: attributes::SORT_KEY.into(),
        indexes: vec![Index {
            name: attributes::INDEX.into(),
            partition_key: attributes::INDEX_PARTITION_KEY.into(),
            sort_key: attributes::INDEX_SORT_KEY.into(),
        }],
        expires: Some(attributes::EXPIRES.into()),
        stream: true,
    }
}

#[tokio::test]
async fn a_table_that_is_there_already_is_left_as_it_is_but_gets_its_stream() {
    use onlyif::store::Store;

    let older = Definition {
        stream: false,
        ..definition()
    };
    let table = table_of(&older).await;
    assert_eq!(table.stream_arn().await, Ok(None));
    let key = crate::samples::key("kept");
    crate::samples::put(&table, &key, &crate::samples::resource()).await;
    table.create_if_missing(&definition()).await.expect("again");
    let read = table.read(&[key]).await.expect("readable");
    assert!(read[0].1.is_some());
    let stream = table.stream_arn().await.expect("readable");
    assert!(stream.is_some());
    table.create_if_missing(&definition()).await.expect("again");
    assert_eq!(table.stream_arn().await, Ok(stream));
}
