//! Finding libraries without loading them.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use enginesmith_tensorrt::Flavour;
use enginesmith_tensorrt::find::{Place, libraries};

#[test]
fn given_folders_with_exact_versions() {
    let Some(folders) = common::libraries() else { return };
    let found = libraries(&folders);
    let given: Vec<_> = found.iter().filter(|f| f.place == Place::Given).collect();
    assert_eq!(given.len(), folders.len(), "{given:?}");
    for f in &given {
        assert_eq!((f.flavour, &f.problem), (Flavour::Rtx, &None));
        let version = f.version.expect("a version");
        assert!(
            version.major == 1 && version.minor >= 3 && version.build > 0,
            "{version}"
        );
        assert!(f.parser.is_some());
    }
    // nothing of it is in this process
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the memory map");
    assert!(!maps.contains("libtensorrt"), "a library was loaded");
}

#[test]
fn a_cache_with_one_folder_per_version() {
    let Some(folders) = common::libraries() else { return };
    let cache = tempfile::tempdir().expect("a folder");
    for (i, folder) in folders.iter().enumerate() {
        let version = cache.path().join(format!("version-{i}"));
        std::fs::create_dir(&version).expect("a folder");
        std::os::unix::fs::symlink(folder, version.join("tensorrt_rtx_libs")).expect("a link");
    }
    let found = libraries(&[cache.path().to_owned()]);
    assert_eq!(
        found.iter().filter(|f| f.place == Place::Given).count(),
        folders.len(),
        "{found:?}"
    );
}
