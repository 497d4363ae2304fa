package sim

import "os"

var traceAll = os.Getenv("TRACE") != ""
