//! TensorRT's lean runtimes: the real enterprise libraries that PyPI holds. They run version-compatible engines and build none.
//! `ENGINESMITH_TEST_LEAN` names the folders of some. Without a driver they load, tell their version and make no runtime; with
//! one they refuse what is no engine.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use common::each_lean;
use enginesmith_tensorrt::api::Runtime;
use enginesmith_tensorrt::{Error, Failure, Flavour, Library, LoadError, find};
use std::path::Path;

fn refused(runtime: &Runtime, bytes: &[u8]) -> Failure {
    match runtime.engine(bytes) {
        Err(Error::Failed(failure)) => failure,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("this is no engine"),
    }
}

#[test]
fn a_runtime_is_made_and_what_is_no_engine_is_refused_in_the_librarys_words() {
    each_lean(|folder: &Path| {
        assert!(matches!(Library::load(folder), Err(LoadError::LeanRuntime { .. })));
        let library = Library::load_for_running(folder).expect("load");
        assert!(library.is_lean() && library.parser().is_none());
        let version = library.version();
        assert_eq!(version.flavour, Flavour::Enterprise);
        let known = [10, 11].contains(&version.major) && version.build > 0;
        assert!(known && !library.is_newer_than_known(), "{version}");
        // The name of the folder is the version of the wheel.
        let text = version.to_string();
        let wheel = folder.ancestors().filter_map(|f| f.file_name()).any(|f| {
            let name = f.to_string_lossy();
            text.ends_with(&*name)
        });
        assert!(wheel, "{version} in {}", folder.display());

        assert!(matches!(
            library.builder(),
            Err(Error::Load(LoadError::LeanRuntime { .. }))
        ));
        let runtime = match library.runtime() {
            Ok(runtime) => runtime,
            // Without a driver they make none; the reason is the library's.
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("CUDA initialization failure"), "{text}");
                eprintln!("{version}: {text}");
                return;
            }
        };
        runtime.allow_host_code(true).expect("on");
        runtime.allow_host_code(false).expect("off");
        assert!(matches!(runtime.check_engine(b"x"), Err(Error::Missing(_))));
        let _ = runtime.plugins().expect("its registry");
        // Text, the beginning of an engine of another product, one with the right tag and nothing behind it.
        for bytes in [
            &b"this is no engine"[..],
            b"rvtrt\0\0\0garbage garbage",
            &[b"ftrt", &[0u8; 4096][..]].concat(),
        ] {
            let failure = refused(&runtime, bytes);
            let said = failure.errors.iter().map(|e| e.text.as_str());
            let said: Vec<&str> = said.chain(failure.log.iter().map(|l| l.text.as_str())).collect();
            assert!(said.iter().any(|t| !t.is_empty()), "it gave no reason");
            eprintln!("{version}: {}", said.join(" | "));
        }
    });
}

#[test]
fn lean_runtimes_are_found_without_a_problem_and_marked() {
    each_lean(|folder: &Path| {
        let found = find::libraries_in([(find::Place::Given, folder.to_owned())]);
        let [lean] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(
            lean.is_lean && lean.parser.is_none() && lean.problem.is_none(),
            "{lean:?}"
        );
    });
}
