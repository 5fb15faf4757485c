# Sourced by slurm.sh: a Slurm of one controller and two nodes on this machine, all files in $work/slurm, ports that are free.
port_is_free() { ! grep -qi ":$(printf %04X "$1") " /proc/net/tcp /proc/net/tcp6 2>/dev/null; }
free_ports() { # COUNT: prints the first of so many in a row
    first=$((20000 + $$ % 10000))
    found=0
    while [ "$found" -lt "$1" ]; do
        if port_is_free $((first + found)); then found=$((found + 1)); else first=$((first + found + 1)); found=0; fi
    done
    echo "$first"
}

slurm_configure() {
    port=$(free_ports 3)
    host=$(uname -n | cut -d. -f1)
    cat >"$slurm/slurm.conf" <<C
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
# a requeued job begins when its old credential has expired: by default after two minutes
AuthInfo=socket=$slurm/munge.socket,cred_expire=5
StateSaveLocation=$slurm
SlurmdSpoolDir=$slurm/%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/%n.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
KillWait=5
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=2
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=2
PartitionName=all Nodes=node1,node2 Default=YES MaxTime=INFINITE State=UP
C
}

nodes_are_up() { [ "$(sinfo -h -N -t idle -o %N | wc -l)" = 2 ]; }
slurm_start() {
    slurm=$work/slurm
    mkdir "$slurm" "$slurm/node1" "$slurm/node2"
    head -c 128 /dev/urandom >"$slurm/munge.key"
    chmod 600 "$slurm/munge.key"
    slurm_configure
    SLURM_CONF=$slurm/slurm.conf
    export SLURM_CONF
    munged --force --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" --pid-file="$slurm/munged.pid" \
        --seed-file="$slurm/munged.seed" --log-file="$slurm/munged.log" || die "munged does not start"
    slurmctld -c || die "slurmctld does not start"
    for node in node1 node2; do # by this word its steps are known as its own
        SLURMD_NODENAME=$node slurmd -c -N "$node" || die "slurmd does not start"
    done
    until_true "two nodes of Slurm" nodes_are_up
}
# asked to end, and waited for: it writes into the folder that goes
stop_daemon() {
    kill "$1" 2>/dev/null || return 0
    looks=100
    while kill -0 "$1" 2>/dev/null && [ "$looks" -gt 0 ]; do
        looks=$((looks - 1))
        sleep 0.1
    done
    kill -9 "$1" 2>/dev/null || true
}
slurm_stop() {
    scancel --user="$(id -un)" 2>/dev/null
    scontrol shutdown 2>/dev/null
    for daemon in node1 node2 slurmctld munged; do
        [ ! -s "$slurm/$daemon.pid" ] || stop_daemon "$(cat "$slurm/$daemon.pid")"
    done
}

# what runs on a node, its daemon and steps included: a real node would take all of it with it
on_node() {
    cat "$slurm/$1.pid"
    # shellcheck disable=SC2046
    grep -lzxF "SLURMD_NODENAME=$1" $(grep -lzxF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ 2>/dev/null) /dev/null 2>/dev/null |
        tr -dc '0-9\n'
}
