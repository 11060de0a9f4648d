// go run receiver.go PORT SECRET: verifies, drops what it has seen, answers 204.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func isValid(key []byte, header http.Header, body []byte) bool {
	id, at := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || math.Abs(float64(time.Now().Unix()-seconds)) > 300 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(given), []byte(expected)) {
			return true
		}
	}
	return false
}

func main() {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Args[2], "whsec_"))
	var seen sync.Map // yours: a table with a unique key
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		if !isValid(key, request.Header, body) {
			response.WriteHeader(401)
			return
		}
		id := request.Header.Get("webhook-id")
		if _, known := seen.LoadOrStore(id, true); !known {
			var event struct{ Type string }
			json.Unmarshal(body, &event)
			fmt.Println(event.Type, id) // do the work here
		}
		response.WriteHeader(204)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Println("listening")
	http.Serve(listener, nil)
}
