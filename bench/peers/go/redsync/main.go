// redsync as a peer, on go-redis.
package main

import (
	"errors"
	"math"

	"github.com/go-redsync/redsync/v4"
	pool "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"

	"redlock-bench/contend"
)

func main() {
	task := contend.ReadTask()
	var pools []pool.Pool
	for _, url := range task.Nodes {
		options, err := redis.ParseURL(url)
		contend.Fatal(err)
		pools = append(pools, goredis.NewPool(redis.NewClient(options)))
	}
	locks := redsync.New(pools...)
	var options []redsync.Option
	if task.HandOver {
		// It gives up after 32 attempts unless told otherwise; here it shall wait.
		options = append(options, redsync.WithTries(math.MaxInt32))
	}
	contend.Contend(task, "redsync", "github.com/go-redsync/redsync/v4", func(name string) (func() error, error) {
		mutex := locks.NewMutex(name, options...)
		if err := mutex.Lock(); err != nil {
			return nil, err
		}
		return func() error {
			ok, err := mutex.Unlock()
			if err == nil && !ok {
				err = errors.New("release refused")
			}
			return err
		}, nil
	})
}
