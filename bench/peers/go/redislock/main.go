// bsm/redislock as a peer, on go-redis. It knows one server.
package main

import (
	"context"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"

	"redlock-bench/contend"
)

func main() {
	task := contend.ReadTask()
	server, err := redis.ParseURL(task.Nodes[0])
	contend.Fatal(err)
	locker := redislock.New(redis.NewClient(server))
	var options *redislock.Options
	if task.HandOver {
		// It makes one attempt unless told otherwise; the delay is that of its documentation.
		options = &redislock.Options{RetryStrategy: redislock.LinearBackoff(100 * time.Millisecond)}
	}
	contend.Contend(task, "bsm-redislock", "github.com/bsm/redislock", func(name string) (func() error, error) {
		lock, err := locker.Obtain(context.Background(), name, 10*time.Second, options)
		if err != nil {
			return nil, err
		}
		return func() error { return lock.Release(context.Background()) }, nil
	})
}
