// Prints the user it runs as in effect. Installed set-uid root in the lab's nonewprivs image,
// it says whether no_new_privs kept the set-uid bit from counting.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Printf("Effective uid: %d\n", os.Geteuid())
}
