//! Pages of the index.

use onlyif::store::Store;

use crate::emulator;
use crate::samples::{self, key, partition};

#[tokio::test]
async fn pages_follow_each_other_by_id_until_there_is_no_more() {
    let table = emulator::table().await;
    for id in ["b", "a", "~", "B", "c", "0"] {
        samples::put(&table, &key(id), &samples::resource()).await;
    }
    let mut closed = samples::resource();
    closed.state = Some("closed".into());
    samples::put(&table, &key("elsewhere"), &closed).await;

    let open = partition(Some("open"));
    let mut listed = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = table
            .list(&open, after.as_deref(), 2)
            .await
            .expect("a page");
        assert!(page.resources.len() <= 2);
        listed.extend(page.resources.into_iter().map(|(id, _)| id));
        if !page.more {
            assert_eq!(page.resume, None);
            break;
        }
        assert_eq!(page.resume.as_ref(), listed.last());
        after = page.resume;
    }
    assert_eq!(listed, ["0", "B", "a", "b", "c", "~"]);
}

#[tokio::test]
async fn a_page_begins_after_any_id_whether_it_is_there_or_not() {
    let table = emulator::table().await;
    for id in ["a", "c"] {
        samples::put(&table, &key(id), &samples::resource()).await;
    }
    let open = partition(Some("open"));
    for (after, ids) in [
        (None, vec!["a", "c"]),
        (Some("A"), vec!["a", "c"]),
        (Some("a"), vec!["c"]),
        (Some("b"), vec!["c"]),
        (Some("c"), vec![]),
    ] {
        let page = table.list(&open, after, 10).await.expect("a page");
        let listed: Vec<_> = page.resources.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(listed, ids, "{after:?}");
        assert!(!page.more, "{after:?}");
    }
}

#[tokio::test]
async fn what_is_listed_is_the_whole_resource() {
    let table = emulator::table().await;
    let mut resource = samples::resource();
    resource.state = None;
    samples::put(&table, &key("only"), &resource).await;
    let page = table.list(&partition(None), None, 1).await.expect("a page");
    assert_eq!(page.resources, [("only".to_owned(), resource)]);
}

#[tokio::test]
async fn a_long_page_ends_where_the_store_ends_it() {
    let table = emulator::table().await;
    let mut resource = samples::resource();
    let text = "x".repeat(300 * 1024);
    resource.document.insert("long".into(), text.into());
    for n in 0..5 {
        samples::put(&table, &key(&format!("n-{n}")), &resource).await;
    }
    let open = partition(Some("open"));
    let first = table.list(&open, None, 10).await.expect("a page");
    assert!(first.more && first.resources.len() < 5);
    let rest = table.list(&open, first.resume.as_deref(), 10).await;
    let rest = rest.expect("a page");
    assert_eq!(first.resources.len() + rest.resources.len(), 5);
}
