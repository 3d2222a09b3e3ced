# Sourced by the launcher, ./test and eng/build: quick answers to "is there anything to do?".

# Whether eng/setup has run since it last changed, and what it found is still there.
setup_is_current() {
    local root=$1 stamp="$1/artifacts/setup.env"
    [ -f "$stamp" ] && [ ! "$root/eng/setup" -nt "$stamp" ] || return 1
    (
        # shellcheck disable=SC1090
        source "$stamp"
        [ -x "$SUPERFACTORY_PYTHON" ] && [ -d "$SUPERFACTORY_TORCH" ] && [ -x "$DOTNET_ROOT/dotnet" ]
    )
}

# Whether no source under the given root changed since the last build: no file saved after the build began, and no
# folder in which a file came or went after it ended (the build itself makes bin and obj).
build_is_current() {
    local root=$1 program=$2 began="$1/artifacts/build.began" ended="$1/artifacts/build.ended"
    [ -f "$began" ] && [ -f "$ended" ] && [ -x "$program" ] || return 1
    [ -z "$(find "$root/src" "$root/eng" "$root"/Directory.*.props "$root/global.json" "$root/.editorconfig" \
        \( -name bin -o -name obj \) -prune -o \
        \( -type f -newer "$began" ! -name README.md -o -type d -newer "$ended" \) -print -quit)" ]
}
