using System.Collections.Immutable;
using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Fleet;

/// <summary><c>superfactory queues</c>: lists the queues.</summary>
internal static class QueuesCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("queues", "List the queues: what they are guaranteed, what they hold, and who waits.") { json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.QueuesAsync(cancellation), parsed.GetValue(json), static queues => Lines(queues))));
        return command;
    }

    /// <summary>Makes <c>queue pause</c> and <c>queue resume</c>.</summary>
    public static Command Queue(ControlOption control, Terminal terminal) => new("queue", "Pause a queue, or let it go on.")
    {
        Pause(control, terminal, "pause", "Have nothing of a queue start any more; what runs goes on.", paused: true),
        Pause(control, terminal, "resume", "Let the jobs of a paused queue start again.", paused: false),
    };

    private static Command Pause(ControlOption control, Terminal terminal, string name, string description, bool paused)
    {
        var queue = new Argument<string>("QUEUE") { Description = "The queue." };
        var json = Settings.Json();
        var command = new Command(name, description) { queue, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.PauseQueueAsync(parsed.GetRequiredValue(queue), paused, cancellation), parsed.GetValue(json), static view => Lines([view]))));
        return command;
    }

    /// <summary>The queues as lines.</summary>
    internal static ImmutableArray<string> Lines(IReadOnlyList<QueueView> queues) => Table.Lines(
        ["QUEUE", "UNDER", " WEIGHT", "GUARANTEED", "MAY BORROW", "LENDS", " HOLDS", " BORROWED", "RUNS", "WAIT"],
        queues.Select(static queue => ImmutableArray.Create(
            queue.Paused ? $"{queue.Name} (paused)" : queue.Name,
            queue.Parent ?? "–",
            $"{queue.Weight}",
            Each(queue, static quota => quota.Guaranteed, "0"),
            Each(queue, static quota => quota.BorrowingLimit, "all"),
            Each(queue, static quota => quota.LendingLimit, "all"),
            $"{queue.Held}",
            $"{queue.Held - queue.Owned}",
            Jobs(queue.Running),
            Jobs(queue.Waiting))));

    private static string Each(QueueView queue, Func<QuotaSpecification, long?> read, string absent) => queue.Quotas.IsEmpty
        ? absent
        : string.Join(", ", queue.Quotas.Select(quota => $"{(read(quota) is { } number ? $"{number}" : absent)} {quota.Hardware}"));

    private static string Jobs(ImmutableArray<long> jobs) => jobs.IsEmpty ? "–" : jobs.Length <= 8 ? string.Join(',', jobs) : $"{string.Join(',', jobs.Take(8))} and {jobs.Length - 8} more";
}
