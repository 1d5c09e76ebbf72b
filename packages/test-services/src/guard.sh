#!/bin/sh
# Runs one program, and ends it when standard input closes. Standard input is a pipe that only the
# parent holds, so the program is ended when the parent asks for it and also when the parent dies,
# in whatever way. Being the parent of the program, the guard can never hit a reused process id.
#
# guard.sh SIGNAL FOLDER CONTAINER PROGRAM [ARGUMENT...]
#   SIGNAL     asks the program to end; KILL follows one second later
#   FOLDER     removed after the program was ended this way, or empty
#   CONTAINER  Docker container removed after the program was ended this way, or empty
# File descriptor 3 receives the program's process id.
signal=$1 folder=$2 container=$3
shift 3

# Background jobs of a shell without job control read from /dev/null, so the pipe gets a number.
exec 4<&0
# In a process group of its own, the program is ended together with what it started.
group=$(PATH=$PATH:/usr/bin:/bin; command -v setsid)
$group "$@" </dev/null 3>&- 4<&- &
program=$!
echo "$program" >&3
exec 3>&-
PATH=$PATH:/usr/bin:/bin
# The log is the program's alone; the shell would add a line for each process that was killed.
exec >/dev/null 2>&1

end() {
  kill -s "$1" -- "-$program" || kill -s "$1" "$program"
}

(
  read -r _ <&4
  trap '' TERM
  end "$signal"
  tries=20
  while [ "$tries" -gt 0 ] && kill -0 "$program"; do
    sleep 0.05
    tries=$((tries - 1))
  done
  end KILL
  [ -z "$container" ] || docker rm --force --volumes "$container"
  [ -z "$folder" ] || rm -rf "$folder"
) &
watch=$!
exec 4<&-

wait "$program"
status=$?
# Ends a watch that still waits for the pipe; one that is at work finishes first.
kill "$watch"
wait "$watch"
exit "$status"
