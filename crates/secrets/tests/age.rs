//! Files that are sealed for a recipient, read by the program `age` (Debian: `apt install age`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use countersign_secrets::{AgeRecipient, AgeWriter, OsEntropy};

/// A new identity in `folder`, and its recipient.
fn keygen(folder: &Path) -> AgeRecipient {
    let identity = folder.join("identity");
    let made = Command::new("age-keygen").arg("-o").arg(&identity).output();
    assert!(made.expect("`age` is needed: apt install age").status.success());
    let shown = Command::new("age-keygen").arg("-y").arg(&identity).output().unwrap();
    String::from_utf8(shown.stdout).unwrap().trim().parse().unwrap()
}

fn sealed(recipient: &AgeRecipient, text: &[u8], part: usize) -> Vec<u8> {
    let mut writer = AgeWriter::new(Vec::new(), recipient, &OsEntropy).unwrap();
    text.chunks(part).for_each(|part| writer.write_all(part).unwrap());
    writer.finish().unwrap()
}

/// What `age` reads, or `None` when it refuses.
fn opened(folder: &Path, sealed: &[u8]) -> Option<Vec<u8>> {
    let file = folder.join("sealed");
    std::fs::write(&file, sealed).unwrap();
    let read =
        Command::new("age").args(["-d", "-i"]).arg(folder.join("identity")).arg(&file).output().unwrap();
    read.status.success().then_some(read.stdout)
}

#[test]
fn the_holder_of_the_key_reads_files_of_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = keygen(folder.path());
    let chunk = 64 * 1024;
    for length in [0, 1, 16, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 7] {
        let text: Vec<u8> = (0..=255).cycle().take(length).collect();
        for part in [1_000, 200_000] {
            assert!(
                opened(folder.path(), &sealed(&recipient, &text, part)) == Some(text.clone()),
                "{length}"
            );
        }
    }
}

#[test]
fn nobody_else_reads_them_and_a_changed_or_cut_one_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (recipient, _) = (keygen(folder.path()), keygen(other.path()));
    let file = sealed(&recipient, &vec![b'x'; 70_000], 70_000);
    assert_eq!(opened(other.path(), &file), None);
    assert!(opened(folder.path(), &file).is_some());
    assert_eq!(opened(folder.path(), &file[..file.len() - 1]), None);
    for place in [30, 100, 190, file.len() - 1] {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert_eq!(opened(folder.path(), &changed), None, "{place}");
    }
}

#[test]
fn no_two_files_have_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = keygen(folder.path());
    let (one, other) = (sealed(&recipient, b"text", 4), sealed(&recipient, b"text", 4));
    assert_eq!(one.len(), other.len());
    assert_ne!(one[34..], other[34..]);
}

#[test]
fn a_file_that_was_not_finished_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = keygen(folder.path());
    let mut file = Vec::new();
    let mut writer = AgeWriter::new(&mut file, &recipient, &OsEntropy).unwrap();
    writer.write_all(&vec![b'x'; 200_000]).unwrap();
    drop(writer);
    assert_eq!(opened(folder.path(), &file), None);
}
