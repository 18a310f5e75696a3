# Outlives the test process by a moment: told on its standard input what there is to clean up, it waits for the end of
# that input, which comes however the process ends, and then leaves nothing behind.
trap '' INT TERM HUP
processes=
paths=

# Stopped first, so that it has no more children while they are looked up; a session of sshd is in no common group.
kill_tree() {
    kill -STOP "$1" 2>/dev/null || return 0
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        kill_tree "$child"
    done
    kill -KILL "$1" 2>/dev/null
}

# A zombie does not count: not every container's first process collects them.
runs() {
    grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null
}

while read -r verb what; do
    case $verb in
    process) processes="$processes $what" ;;
    path) paths="$paths$what
" ;;
    forget)
        kept=
        for process in $processes; do
            [ "$process" = "$what" ] || kept="$kept $process"
        done
        processes=$kept
        ;;
    esac
done

for process in $processes; do
    kill_tree "$process"
done
for process in $processes; do
    tries=100
    while runs "$process" && [ "$tries" -gt 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
    done
done
IFS='
'
set -f
for path in $paths; do
    rm -rf -- "$path"
done
