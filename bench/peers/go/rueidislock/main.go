// rueidislock as a peer. Its majority is one of three keys on one server.
package main

import (
	"context"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"

	"redlock-bench/contend"
)

func main() {
	task := contend.ReadTask()
	client, err := rueidis.ParseURL(task.Nodes[0])
	contend.Fatal(err)
	locker, err := rueidislock.NewLocker(rueidislock.LockerOption{ClientOption: client})
	contend.Fatal(err)
	contend.Contend(task, "rueidislock", "github.com/redis/rueidis", func(name string) (func() error, error) {
		_, release, err := locker.WithContext(context.Background(), name)
		if err != nil {
			return nil, err
		}
		// The function waits until the keys are deleted. Whether that succeeded it does not tell.
		return func() error {
			release()
			return nil
		}, nil
	})
}
