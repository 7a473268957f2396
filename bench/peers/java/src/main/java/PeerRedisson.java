// Redisson as a peer: its lock on one server, or RedissonRedLock over the locks of several. Both are
// taken without a lease of the caller's, so that its watchdog prolongs them. See bench/peers/README.md.
import java.util.ArrayList;
import java.util.List;
import org.redisson.Redisson;
import org.redisson.RedissonRedLock;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

public final class PeerRedisson {
    public static void main(String[] arguments) throws Exception {
        Task task = Task.from(arguments);
        List<RedissonClient> clients = new ArrayList<>();
        for (String url : task.nodes) {
            Config config = new Config();
            config.useSingleServer().setAddress(url);
            clients.add(Redisson.create(config));
        }
        String version = Redisson.class.getPackage().getImplementationVersion();
        Contend.all(task, "redisson", version == null ? "unknown" : version, name -> {
            RLock lock = lockOf(clients, name);
            lock.lock();
            return lock::unlock;
        });
    }

    @SuppressWarnings("deprecation") // It is the only one over several servers that needs a majority.
    private static RLock lockOf(List<RedissonClient> clients, String name) {
        if (clients.size() == 1) {
            return clients.get(0).getLock(name);
        }
        RLock[] parts = clients.stream().map(client -> client.getLock(name)).toArray(RLock[]::new);
        return new RedissonRedLock(parts);
    }
}
