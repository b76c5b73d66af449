// Runs a command as a child subreaper: every process orphaned below it becomes its child, is reaped at
// once, and is known at the end. What is still alive when the command has ended is a leftover: it is
// named on stderr, killed, and turns a zero exit status into 70.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	prSetChildSubreaper = 36
	grace               = 3 * time.Second
	leftoverStatus      = 70
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: subreaper COMMAND [ARG...]")
		os.Exit(64)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		fail(fmt.Errorf("prctl: %w", errno))
	}
	// The terminal sends its signals to the whole group: the command decides, and this process outlives it.
	signal.Ignore(syscall.SIGINT, syscall.SIGQUIT)
	command := exec.Command(os.Args[1], os.Args[2:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		fail(err)
	}
	forwardTermination(command.Process)
	status := reapUntil(command.Process.Pid)
	if leftovers := settle(); len(leftovers) > 0 {
		fmt.Fprintln(os.Stderr, "lab: left behind, killed now:")
		for _, leftover := range leftovers {
			fmt.Fprintln(os.Stderr, "  process "+leftover.String())
		}
		killAll()
		if status == 0 {
			status = leftoverStatus
		}
	}
	os.Exit(status)
}

func forwardTermination(process *os.Process) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for received := range signals {
			_ = process.Signal(received)
		}
	}()
}

// reapUntil reaps every child until the one named has ended, and returns that one's exit status.
func reapUntil(pid int) int {
	for {
		var status syscall.WaitStatus
		reaped, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			fail(fmt.Errorf("wait: %w", err))
		}
		if reaped != pid {
			continue
		}
		if status.Signaled() {
			return 128 + int(status.Signal())
		}
		return status.ExitStatus()
	}
}

// settle waits a moment for what is on its way out, and returns what stays.
func settle() []process {
	for deadline := time.Now().Add(grace); ; time.Sleep(20 * time.Millisecond) {
		reap()
		alive := descendants(os.Getpid())
		if len(alive) == 0 || time.Now().After(deadline) {
			return alive
		}
	}
}

// killAll kills until nothing is left: the children of the killed are orphaned to this process in turn.
func killAll() {
	for deadline := time.Now().Add(grace); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		alive := descendants(os.Getpid())
		if len(alive) == 0 {
			return
		}
		for _, child := range alive {
			_ = syscall.Kill(child.pid, syscall.SIGKILL)
		}
		reap()
	}
}

func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, strings.TrimSpace("subreaper: "+err.Error()))
	os.Exit(71)
}
