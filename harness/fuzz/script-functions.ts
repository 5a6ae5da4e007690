/**
 * The shell functions of a finding's script: talk to monitors, read JSON, read and write through NBD, look at the state,
 * take back. POSIX sh and awk; what they keep lies in `$aux`, outside of the folder that the endpoint works in.
 */

/** Seconds after which an endpoint that does not answer hangs. */
export const PATIENCE_S = 15;
/** Exit status of a script that cannot tell, as `git bisect run` understands it. */
const UNTOLD = 125;

/** Verdicts. All end the script. */
export const VERDICTS = `
shown() { echo "the fault is there: $1"; exit 1; }
gone() { echo "the fault is not there: $1"; exit 0; }
untold() { echo "cannot tell: $1"; exit ${UNTOLD}; }
`;

/** Talk. `hear` and `ask` leave the reply in `line`, and whether there was one in `answered`. */
export const MONITOR = String.raw`
beats=0
beat() { beats=$((beats + 1)); echo "$beats" > "$aux/beat"; }
pause() { sleep 0.1 2>/dev/null || sleep 1; beat; }
# hear FD [ID]: print lines up to the reply to ID, or to the greeting; answered=no at the end of the stream
hear() {
  answered=yes
  beat
  while IFS= read -r line <&"$1"; do
    beat
    printf '%s\n' "< $line"
    printf '%s\n' "$line" >> "$aux/heard"
    case $line in *'"event":'*) printf '%s\n' "$line" | tee -a "$aux/events" >> "$aux/fresh"; continue;; esac
    [ -n "$2" ] || return 0
    case $line in *'"id": '"$2"[,}]*|*'"id":'"$2"[,}]*) return 0;; esac
    # a reply that has lost its id; those to raw bytes have none
    case $line in *'"id"'*) ;; *) [ "$raw" = yes ] || return 0;; esac
  done
  line=
  answered=no
}
raw=no
# say FD TEXT: send a line
say() { printf '%s\n' "> $2"; printf '%s\n' "$2" >> "$aux/said"; printf '%s\n' "$2" >&"$1"; beat; }
# ask TEXT: send a command with id "x" on the first monitor and wait for its reply
ask() { say 3 "$1"; hear 4 '"x"'; }
# accepted: whether the last reply was no error
accepted() { [ "$answered" = yes ] && case $line in *'"error"'*) false;; esac; }
# keep NUMBER: the last reply is that to a step
keep() { printf '%s\n' "$line" >> "$aux/reply.$1"; }
# need: the last command was done when the fault was found
astray=
need() { case $line in *'"CommandNotFound"'*) astray="the endpoint lacks a command";; esac; }
# bytes NUMBER TEXT [RESET]: send bytes, and keep all replies up to that to a command behind them
bytes() {
  printf '%s\n' "> $2"
  raw=yes
  printf '%s\n' "$2" >&3
  [ -z "$3" ] || printf '\377\n' >&3
  say 3 '{"execute":"query-version","id":"behind"}'
  : > "$aux/heard"
  hear 4 '"behind"'
  grep -v -e '"event":' -e '"behind"' "$aux/heard" >> "$aux/reply.$1"
}
# look: what the checks ask after each command that was waited for
look() { ask '{"execute":"query-named-block-nodes","id":"x"}'; }
# jobs: ask for jobs of any kind
jobs_asked() {
  ask '{"execute":"query-jobs","id":"x"}'
  accepted || ask '{"execute":"query-block-jobs","id":"x"}'
}
# await EVENT: for as long as a job may bring it
await() {
  tries=50
  while ! grep -q "\"event\": *\"$1\"" "$aux/fresh"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] && [ "$answered" = yes ] || break
    jobs_asked
    case $line in *'"return": []'*|*'"return":[]'*) break;; esac
    pause
  done
}
# settle_jobs: until no job gets on by itself
settle_jobs() {
  tries=50
  while [ "$tries" -gt 0 ] && [ "$answered" = yes ]; do
    tries=$((tries - 1))
    jobs_asked
    case $line in *'"running"'*|*'"waiting"'*|*'"aborting"'*|*'"created"'*) pause;; *) break;; esac
  done
}
# again FD NUMBER TEXT: a command on a job that is not so far yet is sent once more
again() {
  tries=50
  while [ "$answered" = yes ] && ! accepted && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    pause
    say "$1" "$3"
    hear $(($1 + 1)) "$2"
  done
  accepted || astray="a job did not get so far"
}
`;

/** JSON as lines that grep and sed can judge. */
export const JSON_LINES = String.raw`
# flat: JSON texts, a line each, as lines of a path, a tab and a value; of an object or a list the bracket
flat() {
  LC_ALL=C awk '
    function blank() { while (substr(s, p, 1) ~ /[ \t]/) p++ }
    function text(  c) { for (p++; (c = substr(s, p, 1)) != "\"" && c != ""; p++) if (c == "\\") p++; p++ }
    function value(path,  c, i, from, key) {
      blank(); c = substr(s, p, 1); from = p
      if (c == "{" || c == "[") {
        print path "\t" c
        for (p++;;) {
          blank()
          if (substr(s, p, 1) ~ /[]}]/ || p > length(s)) { p++; return }
          if (c == "{") {
            from = p; text(); key = substr(s, from + 1, p - from - 2); blank(); p++
            value(key ~ /^[A-Za-z_][A-Za-z0-9_-]*$/ ? path "." key : path "[\"" key "\"]")
          } else value(path "[" i++ "]")
          blank(); if (substr(s, p, 1) == ",") p++
        }
      }
      if (c == "\"") text(); else do p++; while (substr(s, p, 1) ~ /[-+.0-9A-Za-z]/)
      print path "\t" substr(s, from, p - from)
    }
    { s = $0; p = 1; i = 0; value("$") }'
}
# values PATTERN: from what flat prints, the values at a path
values() { sed -n "s/^$1	//p"; }
# names MEMBER: values of a member of each item of the reply
names() { printf '%s\n' "$line" | flat | values '\$\.return\[[0-9]*\]\.'"$1" | sed 's/^"\(.*\)"$/\1/'; }
# found FILE PATTERN: whether a line that flat makes of a file begins so
found() { [ -s "$aux/$1" ] && flat < "$aux/$1" | grep -q "^$2"; }
# any_event NAME COMMAND: whether it holds for an event of that name, or of any
any_event() {
  grep '"event": *"'"$1" "$aux/events" > "$aux/those"
  while IFS= read -r one <&9; do
    printf '%s\n' "$one" > "$aux/one-event"
    if eval "$2"; then return 0; fi
  done 9< "$aux/those"
  return 1
}
# state FILE QUERY: what a query tells, flat
state() {
  if [ "$2" = query-jobs ]; then jobs_asked; else
    ask '{"execute":"'"$2"'"'"$3"',"id":"x"}'
    accepted || ask '{"execute":"'"$2"'","id":"x"}'
  fi
  printf '%s\n' "$line" | flat | grep -v '\.actual-size' > "$aux/$1"
}
# differs PATTERN: whether the state before and after differs where a path begins so
differs() {
  grep "^$1" "$aux/state.before" > "$aux/before.part"
  grep "^$1" "$aux/state.after" > "$aux/after.part"
  [ -s "$aux/state.after" ] && ! cmp -s "$aux/before.part" "$aux/after.part"
}
`;

/** What nodes contain, through an export that is there for the moment. */
export const CONTENTS = String.raw`
url=
# open_server: a server to read through, that of the program where there is one
open_server() {
  ask '{"execute":"nbd-server-start","arguments":{"addr":{"type":"unix","data":{"path":"'"$dir"'/data.sock"}}},"id":"x"}'
  server=nbd.sock
  if accepted; then server=data.sock; fi
}
close_server() {
  [ "$server" = nbd.sock ] || ask '{"execute":"nbd-server-stop","id":"x"}'
  rm -f data.sock
}
# export_node NODE WRITABLE: as $url; fails where the endpoint lets nobody in
export_node() {
  ask '{"execute":"nbd-server-add","arguments":{"device":"'"$1"'","name":"data","writable":'"$2"'},"id":"x"}'
  url="nbd+unix:///data?socket=$dir/$server"
  accepted
}
hide_node() { ask '{"execute":"nbd-server-remove","arguments":{"name":"data","mode":"hard"},"id":"x"}'; }
judged=
# read_node NODE LENGTH: all of it
read_node() {
  export_node "$1" false || return 0
  beat
  qemu-io -r -f raw -c "read 0 $2" "$url" > "$aux/read" 2>&1
  beat
  hide_node
}
# read_all: every node that is no file of another's
read_all() {
  [ "$answered" = yes ] || return 0
  open_server
  look
  printf '%s\n' "$line" | flat > "$aux/nodes"
  sed -n 's/^\$\.return\[\([0-9]*\)\]\.node-name	"\([^#].*\)"$/\1 \2/p' "$aux/nodes" > "$aux/list"
  while read -r index node <&9; do
    size=$(values '\$\.return\['"$index"'\]\.image\.virtual-size' < "$aux/nodes")
    [ "${'$'}{size:-0}" -gt 0 ] && [ "$size" -le 4194304 ] && [ "$answered" = yes ] && read_node "$node" "$size"
  done 9< "$aux/list"
  close_server
}
unwritten=
# put BYTE OFFSET LENGTH: write to $url
put() {
  beat
  qemu-io -f raw -c "write -P $1 $2 $3" "$url" > "$aux/written" 2>&1
  ! grep -q failed "$aux/written" || unwritten=yes
  beat
}
# holds PATTERN: whether the byte at $offset of $url is PATTERN
holds() {
  beat
  qemu-io -r -f raw -c "read -P $1 $offset 1" "$url" > "$aux/read" 2>&1
  beat
  ! grep -q -e 'verification failed' -e 'failed:' -e "can't open" "$aux/read"
}
# judge NODE OFFSET EXPECTED GOT: the byte there
judge() {
  open_server
  offset=$2
  judged=neither
  if export_node "$1" false; then
    if holds "$4"; then judged=shown; elif holds "$3"; then judged=gone; fi
    hide_node
  fi
  close_server
}
# judge_length NODE EXPECTED GOT
judge_length() {
  look
  judged=neither
  index=$(printf '%s\n' "$line" | flat | sed -n 's/^\$\.return\[\([0-9]*\)\]\.node-name	"'"$1"'"$/\1/p')
  length=$(printf '%s\n' "$line" | flat | values '\$\.return\['"$index"'\]\.image\.virtual-size')
  if [ "$length" = "$3" ]; then judged=shown; elif [ "$length" = "$2" ]; then judged=gone; fi
}
# judge_reading NODE: whether it can be read
judge_reading() {
  open_server
  judged=neither
  if export_node "$1" false; then
    offset=0
    beat
    qemu-io -r -f raw -c 'read 0 512' "$url" > "$aux/read" 2>&1
    beat
    if grep -q -e 'failed' -e "can't open" "$aux/read"; then judged=shown; else judged=gone; fi
    hide_node
  fi
  close_server
}
`;

/** Brings back what the program began with, as far as commands do it. */
export const UNDO = String.raw`
# take_back NAMES: end exports and jobs, delete all nodes but those named
take_back() {
  ask '{"execute":"nbd-server-stop","id":"x"}'
  for try in 1 2 3 4 5 6 7 8 9 10; do
    jobs_asked
    all=$(names id; names device)
    [ -n "$all" ] || break
    for job in $all; do
      ask '{"execute":"block-job-cancel","arguments":{"device":"'"$job"'","force":true},"id":"x"}'
      ask '{"execute":"job-cancel","arguments":{"id":"'"$job"'"},"id":"x"}'
      ask '{"execute":"job-dismiss","arguments":{"id":"'"$job"'"},"id":"x"}'
    done
    pause
  done
  left=none
  while look; now=$(names node-name | grep -v '^#'); [ "$answered" = yes ] && [ "$now" != "$left" ]; do
    left=$now
    for node in $now; do
      case " $1 " in *" $node "*) continue;; esac
      ask '{"execute":"blockdev-del","arguments":{"node-name":"'"$node"'"},"id":"x"}'
    done
  done
}
# names_held KIND FILE: what the endpoint holds
names_held() {
  case $1 in
    nodes) look; names node-name;;
    bitmaps) look; names 'dirty-bitmaps\[[0-9]*\]\.name';;
    jobs) jobs_asked; names id;;
    openFiles) ls -l "/proc/$pid/fd" | sed -n "s,.* -> $dir/,,p";;
  esac | grep -v '^[<>] ' | sort > "$aux/$2"
}
# more FILE FILE: lines of the second that the first lacks
more() { grep -vxFf "$aux/$1" "$aux/$2" > "$aux/more"; [ -s "$aux/more" ]; }
# no_job: neither is there one nor did any event tell of one
no_job() { [ -z "$jobs" ] && ! grep -q '"\(BLOCK_\)\{0,1\}JOB_' "$aux/events"; }
# unasked: a file that was not there at first and that no message named
unasked() {
  ls -A > "$aux/files.after"
  more files.before files.after || return 1
  while IFS= read -r file <&9; do
    grep -qF -- "$file" "$aux/said" || return 0
  done 9< "$aux/more"
  return 1
}
# end_endpoint: in order, so that it closes its files
end_endpoint() { ask '{"execute":"quit","id":"x"}'; wait "$keeper"; answered=yes; beat; }
# judge_check FILE STATUS: what qemu-img check says of it
judge_check() {
  judged=neither
  [ -e "$1" ] || return 0
  qemu-img check -f qcow2 "$1"
  case $? in "$2") judged=shown;; 0|3) judged=gone;; esac
}
# judge_image NAME OFFSET EXPECTED GOT: the byte there, for who opens it next
judge_image() {
  judged=neither
  qemu-img convert -O raw "$1" "$aux/raw" || return 0
  case $(od -An -tu1 -j "$2" -N 1 "$aux/raw" | tr -d ' ') in "$4") judged=shown;; "$3") judged=gone;; esac
}
# measure: what the process uses after a round
measure() {
  ls "/proc/$pid/fd" 2>/dev/null | wc -l >> "$aux/descriptors"
  awk '{ print $2 * 4096 }' "/proc/$pid/statm" 2>/dev/null >> "$aux/memory"
}
# grows FILE BOUND: the least of each of the last four windows of four is more than of the one before
grows() {
  awk -v bound="$2" '
    { w = int((NR - 1) / 4); if (!(w in least) || $1 < least[w]) least[w] = $1 }
    END { for (i = 2; i <= 4; i++) if (least[i] <= least[i - 1]) exit 1; exit !(least[4] - least[1] > bound) }
  ' "$aux/$1"
}
`;
