// What a contender is asked to do, read from the arguments of its program.
import java.util.List;

final class Task {
    List<String> nodes = List.of();
    String workload = "cycles";
    int at = 1;
    int names = 1024;
    double seconds = 1;
    double warmUp = 0;

    boolean isHandOver() {
        return workload.equals("hand-over");
    }

    static Task from(String[] arguments) {
        Task task = new Task();
        for (int at = 0; at + 1 < arguments.length; at += 2) {
            String value = arguments[at + 1];
            switch (arguments[at]) {
                case "--nodes" -> task.nodes = List.of(value.split(","));
                case "--workload" -> task.workload = value;
                case "--at" -> task.at = Integer.parseInt(value);
                case "--names" -> task.names = Integer.parseInt(value);
                case "--seconds" -> task.seconds = Double.parseDouble(value);
                case "--warm-up" -> task.warmUp = Double.parseDouble(value);
                default -> throw new IllegalArgumentException("unknown argument " + arguments[at]);
            }
        }
        return task;
    }
}
