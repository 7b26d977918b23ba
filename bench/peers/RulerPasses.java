// event-ruler under the protocol of bench/peer.h: RulerPasses EVENTS RULES, both files with one JSON text a line.
//
// Everything is in memory before the first pass; each pass parses and matches the first N events on this thread, whose
// processor time it tells: that of the garbage collector is not held against it.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.event.ruler.Machine;

public final class RulerPasses {
  public static void main(String[] arguments) throws Exception {
    String[] events = Files.readAllLines(Path.of(arguments[0])).toArray(new String[0]);
    List<String> rules = Files.readAllLines(Path.of(arguments[1]));

    long begun = System.nanoTime();
    Machine machine = new Machine();
    for (int i = 0; i < rules.size(); i++) {
      machine.addRule("rule-" + i, rules.get(i));
    }
    long took = System.nanoTime() - begun;
    System.out.println("ready " + took);

    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
    for (String line = asked.readLine(); line != null; line = asked.readLine()) {
      int count = Integer.parseInt(line);
      long matches = 0;
      long start = clock.getCurrentThreadCpuTime();
      for (int i = 0; i < count; i++) {
        matches += machine.rulesForJSONEvent(events[i]).size();
      }
      System.out.println((clock.getCurrentThreadCpuTime() - start) + " " + matches);
    }
  }
}
