package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

type process struct {
	pid, parent int
	name        string
}

func (p process) String() string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
	return fmt.Sprintf("%d (%s) %s", p.pid, p.name, strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
}

// descendants lists the living processes below a pid, zombies left out.
func descendants(pid int) []process {
	children := map[int][]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if one, ok := readProcess(path); ok {
			children[one.parent] = append(children[one.parent], one)
		}
	}
	var below []process
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for _, child := range children[queue[0]] {
			below = append(below, child)
			queue = append(queue, child.pid)
		}
	}
	return below
}

// readProcess parses one stat file; the name is in brackets and may hold anything, brackets too.
func readProcess(path string) (process, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return process{}, false
	}
	text := string(data)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(text[:open]))
	fields := strings.Fields(text[end+1:])
	if len(fields) < 2 || fields[0] == "Z" || fields[0] == "X" {
		return process{}, false
	}
	parent, _ := strconv.Atoi(fields[1])
	return process{pid: pid, parent: parent, name: text[open+1 : end]}, true
}
