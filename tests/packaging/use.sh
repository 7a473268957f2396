# shellcheck shell=sh
# How users use what is installed. in_root.sh sources this.

# shown NAME: the commands that docs/installing.md shows below the mark of that name, run here.
shown() {
    awk -v mark="<!-- run: $1 -->" '
        inside && /^```/ { exit }
        inside { print }
        found && /^```/ { inside = 1 }
        $0 == mark { found = 1 }' /tests/installing.md >shown.sh
    [ -s shown.sh ] || wrong "docs/installing.md shows no commands called $1"
    sh -eu shown.sh >shown.log 2>&1 || { cat shown.log >&2; wrong "docs/installing.md, $1"; }
}

# The demo calls it a failure, too, if a busy machine lets it do nothing for some seconds.
use_demo() {
    for attempt in 1 2 3; do
        ! (shown try) || return 0
        echo "package: attempt $attempt of 3" >&2
    done
    wrong "the demo"
}

# A lock over three servers.
use_command() {
    # shellcheck disable=SC2016 # the inner shell's
    redlock local -n 3 -- redlock run job -- sh -c 'echo "held, fencing token $REDLOCK_FENCING_TOKEN"' >held
    grep -q '^held, fencing token [1-9]' held || wrong "no lock: $(cat held)"
}

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -keyout ca.key -out ca.pem -subj '/CN=authority of this test' 2>/dev/null
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj '/CN=redis' \
        -addext 'subjectAltName=DNS:localhost' -addext 'basicConstraints=critical,CA:FALSE' 2>/dev/null
}

# Sets `port` and `server`. A port that is taken ends the server, and the next one is tried.
start_tls_server() {
    for port in $(shuf -i 20000-32000 -n 20); do
        redis-server --port 0 --tls-port "$port" --bind 127.0.0.1 --tls-auth-clients no --save '' \
            --tls-cert-file server.pem --tls-key-file server.key --tls-ca-cert-file ca.pem >server.log &
        server=$!
        while kill -0 "$server" 2>/dev/null; do
            ! grep -q 'Ready to accept connections' server.log || return 0
            sleep 0.1
        done
    done
    wrong "no server with TLS: $(cat server.log)"
}

# The system's authorities, of whom one is ours.
use_tls() {
    authority
    start_tls_server
    # With patience for a machine that is busy with other work.
    cat >tls.toml <<END
nodes = ["rediss://localhost:$port"]
lease_time = "50s"
node_timeout = "10s"
connect_timeout = "20s"
quorum_timeout = "40s"
END
    ! redlock vouch --config tls.toml >refused 2>&1 || wrong "a server of an unknown authority is trusted"
    grep -q 'whom nothing here trusts' refused || wrong "another problem than the authority: $(cat refused)"
    cp ca.pem /usr/local/share/ca-certificates/redlock-test.crt
    update-ca-certificates >/dev/null 2>&1
    redlock vouch --config tls.toml >/dev/null
    [ "$(redlock run --config tls.toml -n job -- echo locked)" = locked ] || wrong "no lock over TLS"
    rm /usr/local/share/ca-certificates/redlock-test.crt
    update-ca-certificates --fresh >/dev/null 2>&1
    ! redlock vouch --config tls.toml >/dev/null 2>&1 || wrong "an authority that was removed is trusted"
    SSL_CERT_FILE=ca.pem redlock vouch --config tls.toml >/dev/null
    kill "$server"
    wait "$server" || true
}

use_completion() {
    bash -c '
        . /usr/share/bash-completion/bash_completion
        _completion_loader redlock
        [ $? -eq 124 ] && complete -p redlock >/dev/null || exit 1
        COMP_WORDS=(redlock ru) COMP_CWORD=1 COMP_LINE="redlock ru" COMP_POINT=10
        _redlock redlock ru redlock
        [ "${COMPREPLY[*]}" = run ]' || wrong "completion in bash"
}

# The units of the examples. Nothing has enabled or started one.
use_units() {
    mkdir -p units
    cp /usr/share/doc/redlock/examples/*.service /usr/share/doc/redlock/examples/*.timer units
    awk '/^```ini/ { inside = 1; next } /^```/ { inside = 0 } inside && NF' \
        /usr/share/doc/libredlock-doc/docs/command.md >shown.service
    [ -s shown.service ] || wrong "docs/command.md shows no unit"
    ! grep -vxFf units/scheduler.service shown.service ||
        wrong "docs/command.md shows another unit than the example"
    systemd-analyze --man=no verify "$PWD"/units/*
    ! dpkg -L redlock | grep -E '/systemd/.*\.(service|timer)$' || wrong "a unit is where systemd looks"
}

# Each link of the pages to another page of theirs leads to one.
use_pages() {
    (cd /usr/share/doc/libredlock-doc && grep -oE '\]\([^):#]*\.(md|svg)' README.md docs/*.md docs/*/*.md |
        while IFS= read -r line; do
            target=$(dirname "${line%%:*}")/${line#*](}
            [ -e "$target" ] || echo "$line"
        done) >dead
    [ ! -s dead ] || wrong "links that lead nowhere: $(cat dead)"
}

# A program, by both ways of the pages, with nothing but libredlock-dev.
use_library() {
    ! dpkg-query -W libfmt-dev libhiredis-dev libssl-dev >/dev/null 2>&1 ||
        wrong "more is installed than a program needs"
    cp -r /tests/packaging/consumer by_cmake
    cp -r /tests/packaging/consumer by_pkg_config
    (cd by_cmake && shown cmake) &
    by_cmake=$!
    (cd by_pkg_config && shown pkg-config)
    wait "$by_cmake"
    for program in by_cmake/build/first by_pkg_config/first; do
        readelf -d "$program" | grep -q 'libredlock\.so\.0' || wrong "$program does not use the shared library"
        redlock local -n 3 -- "$program"
    done
}

# A test in the simulated world, and metrics.
use_parts() {
    (
        cp -r /tests/install/user_test . && cd user_test &&
        cmake -B build && cmake --build build
    ) >user_test.log 2>&1 &
    by_cmake=$!
    # shellcheck disable=SC2046 # a list of words
    g++ -std=c++20 /tests/install/metrics_user/metrics_user.cpp -o metrics_user \
        $(pkg-config --cflags --libs redlock-prometheus)
    wait "$by_cmake" || { cat user_test.log >&2; wrong "CMake, redlock::testing"; }
    user_test/build/user_test || wrong "a test in the simulated world"
    ./metrics_user >/dev/null || wrong "metrics"
}
