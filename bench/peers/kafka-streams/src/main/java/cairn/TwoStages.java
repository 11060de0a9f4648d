package cairn;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The bones of stitch and advance in Kafka Streams: touchpoints by workspace, re-keyed by subject, then a count and a score for each
 * subject in a state store, and one output for each record. Exactly once; everything else as Kafka Streams has it by default.
 *
 * <p>A touchpoint is the text `subject|points|…`. Commands come on stdin (pause, resume, stop), events go to stdout (running RECORDS MS: what was
 * restored and how long it took).
 */
public final class TwoStages {
  private static final String STORE = "journeys";
  private static final Serde<String> TEXT = Serdes.String();
  private static final Serde<byte[]> BYTES = Serdes.ByteArray();

  /** brokers, prefix of the topics, state directory, partitions, threads */
  public static void main(String[] args) throws Exception {
    var prefix = args[1];
    var streams =
        new KafkaStreams(
            topology(prefix + "touchpoints", prefix + "journeys", Integer.parseInt(args[3])),
            settings(args[0], prefix + "streams", args[2], args[4]));
    var restored = new Restored();
    streams.setGlobalStateRestoreListener(restored);
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) say("running " + restored.records + " " + restored.milliseconds());
        });
    streams.setUncaughtExceptionHandler(
        fault -> {
          fault.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    var commands = new BufferedReader(new InputStreamReader(System.in));
    for (var line = commands.readLine(); line != null && !line.equals("stop"); line = commands.readLine()) {
      if (line.equals("pause")) streams.pause();
      if (line.equals("resume")) streams.resume();
      say(line + "d");
    }
    streams.close();
  }

  static Topology topology(String touchpoints, String journeys, int partitions) {
    var builder = new StreamsBuilder();
    builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), TEXT, BYTES));
    builder.stream(touchpoints, Consumed.with(TEXT, BYTES))
        .selectKey((workspace, touchpoint) -> field(touchpoint, 0))
        .repartition(Repartitioned.with(TEXT, BYTES).withName("inbox").withNumberOfPartitions(partitions))
        .process(Advance::new, STORE)
        .to(journeys, Produced.with(TEXT, BYTES));
    return builder.build();
  }

  /** State of a subject: how many touchpoints, and the sum of their points. The output is the touchpoint with both behind it. */
  static final class Advance implements Processor<String, byte[], String, byte[]> {
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      this.store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> touchpoint) {
      var before = store.get(touchpoint.key());
      var count = 1 + (before == null ? 0 : ByteBuffer.wrap(before).getLong(0));
      var score =
          Double.parseDouble(field(touchpoint.value(), 1)) + (before == null ? 0 : ByteBuffer.wrap(before).getDouble(8));
      var after = ByteBuffer.allocate(16).putLong(count).putDouble(score).array();
      store.put(touchpoint.key(), after);
      var output = ByteBuffer.allocate(touchpoint.value().length + 16).put(touchpoint.value()).put(after).array();
      context.forward(touchpoint.withValue(output));
    }
  }

  static Properties settings(String brokers, String application, String stateDir, String threads) {
    var settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
    settings.put("auto.offset.reset", "earliest");
    // Else the group waits 45 s for a member that has stopped, and the next start with it.
    settings.put("internal.leave.group.on.close", "true");
    return settings;
  }

  /** Records restored, and the time from the first partition's start to the last one's end. Called by several threads. */
  static final class Restored implements StateRestoreListener {
    long records;
    private long startedAt;
    private long endedAt;

    synchronized long milliseconds() {
      return (endedAt - startedAt) / 1_000_000;
    }

    @Override
    public synchronized void onRestoreStart(TopicPartition partition, String store, long from, long to) {
      if (startedAt == 0) startedAt = System.nanoTime();
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long to, long count) {}

    @Override
    public synchronized void onRestoreEnd(TopicPartition partition, String store, long count) {
      records += count;
      endedAt = System.nanoTime();
    }
  }

  static String field(byte[] value, int number) {
    var from = 0;
    for (var skipped = 0; skipped < number; from++) if (value[from] == '|') skipped++;
    var to = from;
    while (value[to] != '|') to++;
    return new String(value, from, to - from, StandardCharsets.UTF_8);
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
