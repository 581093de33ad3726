use super::*;
use std::{path::PathBuf, time::SystemTime};
use tempfile::TempDir;

fn blobs() -> (TempDir, Blobs) {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(dir.path().join("blobs")).unwrap();
    (dir, blobs)
}

fn file_of(dir: &TempDir, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    dir.path()
        .join("blobs")
        .join(&name[..2])
        .join(&name[2..4])
        .join(&name)
}

#[tokio::test]
async fn a_blob_is_read_as_it_was_put_and_is_named_by_its_digest() {
    let (dir, blobs) = blobs();
    for size in [0, 1, HASHED_IN_PLACE + 1] {
        let bytes = Bytes::from(vec![7; size]);
        let digest = blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(digest.as_bytes(), blake3::hash(&bytes).as_bytes());
        assert_eq!(blobs.get(&digest).await.unwrap(), Some(bytes.clone()));
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(size as u64));
        assert_eq!(fs::read(file_of(&dir, &digest)).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_blob_that_was_never_put_is_absent() {
    let (_dir, blobs) = blobs();
    let digest = Digest::from_bytes([9; 32]);
    assert_eq!(blobs.get(&digest).await.unwrap(), None);
    assert!(!blobs.exists(&digest).await.unwrap());
    blobs.delete(&digest).await.unwrap();
}

#[tokio::test]
async fn a_damaged_blob_is_not_returned_and_is_healed_by_putting_it_again() {
    let (dir, blobs) = blobs();
    let bytes = Bytes::from_static(b"component");
    let digest = blobs.put(bytes.clone()).await.unwrap();
    for damage in [&b"componenT"[..], b"component and more", b"comp", b""] {
        fs::write(file_of(&dir, &digest), damage).unwrap();
        let refused = blobs.get(&digest).await;
        assert!(
            matches!(refused, Err(Error::BlobDamaged { digest: named }) if named == digest),
            "{refused:?}"
        );
    }
    assert_eq!(blobs.put(bytes.clone()).await.unwrap(), digest);
    assert_eq!(blobs.get(&digest).await.unwrap(), Some(bytes));
}

#[tokio::test]
async fn the_list_has_every_blob_and_nothing_else() {
    let (dir, blobs) = blobs();
    let first = blobs.put(Bytes::from_static(b"1")).await.unwrap();
    let second = blobs.put(Bytes::from_static(b"22")).await.unwrap();
    let third = blobs.put(Bytes::from_static(b"333")).await.unwrap();
    blobs.delete(&third).await.unwrap();
    let folder = file_of(&dir, &first).parent().unwrap().to_owned();
    fs::write(folder.join("note.txt"), "x").unwrap();
    // Left by a process that ended while it wrote.
    fs::write(folder.join(format!("{first}#1")), "x").unwrap();
    fs::write(dir.path().join("blobs").join(third.to_string()), "x").unwrap();

    let listed = blobs.list().await.unwrap();

    let mut sizes: Vec<_> = listed.iter().map(|blob| (blob.size, blob.digest)).collect();
    sizes.sort();
    assert_eq!(sizes, [(1, first), (2, second)]);
    let age = Timestamp::now().duration_since(listed[0].put_at);
    assert!(age.as_secs().abs() < 60, "{age}");
}

#[tokio::test]
async fn what_an_interrupted_put_left_is_removed_later() {
    let (dir, blobs) = blobs();
    let digest = blobs.put(Bytes::from_static(b"1")).await.unwrap();
    let blob = file_of(&dir, &digest);
    let [old, new] = ["#1", "#2"].map(|suffix| {
        let path = blob.with_file_name(format!("{digest}{suffix}"));
        fs::write(&path, "x").unwrap();
        path
    });
    let long_ago = SystemTime::now() - ABANDONED * 2;
    for path in [&old, &blob] {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    Blobs::local(dir.path().join("blobs")).unwrap();
    assert!(!old.exists());
    assert!(new.exists() && blob.exists());
}

#[tokio::test]
async fn puts_of_one_blob_at_once_do_not_disturb_each_other() {
    let (_dir, blobs) = blobs();
    let bytes = Bytes::from(vec![3; 100_000]);
    let puts = (0..16).map(|_| {
        let (blobs, bytes) = (blobs.clone(), bytes.clone());
        tokio::spawn(async move { blobs.put(bytes).await })
    });
    let mut digests = Vec::new();
    for put in puts.collect::<Vec<_>>() {
        digests.push(put.await.unwrap().unwrap());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
    assert_eq!(blobs.get(&digests[0]).await.unwrap(), Some(bytes));
}
