using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Units;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab cut|restore|set A B</c>: changes a link while it is in use.</summary>
internal static class LabLinkCommands
{
    /// <summary>Reads a value from a text.</summary>
    private delegate bool Parser<T>(string? text, out T value, out Problem? problem);

    /// <summary>Makes <c>lab cut</c>.</summary>
    public static Command Cut(Terminal terminal) => Create(
        terminal, "cut", "Cut a link: what is on it and what enters it is lost.", (laboratory, a, b, cancellation) => laboratory.CutAsync(a, b, cancellation));

    /// <summary>Makes <c>lab restore</c>.</summary>
    public static Command Restore(Terminal terminal) => Create(
        terminal, "restore", "Restore a link that was cut.", (laboratory, a, b, cancellation) => laboratory.RestoreAsync(a, b, cancellation));

    /// <summary>Makes <c>lab set</c>.</summary>
    public static Command Set(Terminal terminal)
    {
        var bandwidth = Quantity<Bandwidth>("--bandwidth", "RATE", "The new bandwidth, such as 20mbit.", Bandwidth.TryParse);
        var roundTrip = Quantity<TimeSpan>("--rtt", "TIME", "The new round-trip time, such as 80ms; half of it each way.", LabQuantities.TryParseTime);
        var jitter = Quantity<TimeSpan>("--jitter", "TIME", "How much a packet's delay differs at most, either way.", LabQuantities.TryParseTime);
        var loss = Quantity<double>("--loss", "SHARE", "The share of packets that are lost, such as 0.1%.", LabQuantities.TryParseShare);
        var queue = Quantity<long>("--queue", "BYTES", "The longest queue, such as 256KiB.", LabQuantities.TryParseBytes);
        var oneWay = Settings.Switch("--one-way", "Change only the direction from A to B.");
        var (a, b) = Ends();
        var name = LabCommand.Name();
        var command = new Command("set", "Change a link while it is in use.") { a, b, bandwidth, roundTrip, jitter, loss, queue, oneWay, name };
        command.SetAction((parsed, cancellation) => LabCommand.WithAsync(parsed, name, terminal, laboratory =>
        {
            var change = new LinkChange
            {
                Bandwidth = parsed.GetValue(bandwidth), RoundTrip = parsed.GetValue(roundTrip), Jitter = parsed.GetValue(jitter),
                Loss = parsed.GetValue(loss), QueueBytes = parsed.GetValue(queue), OneWay = parsed.GetValue(oneWay),
            };
            return change with { OneWay = false } == new LinkChange()
                ? Task.FromResult(terminal.Fail("Nothing is to be changed. Expected at least one of --bandwidth, --rtt, --jitter, --loss and --queue.", ExitCode.BadInput))
                : ShowAsync(terminal, laboratory, laboratory.SetAsync(parsed.GetRequiredValue(a), parsed.GetRequiredValue(b), change, cancellation));
        }));
        return command;
    }

    private static Command Create(
        Terminal terminal, string verb, string description, Func<Laboratory, string, string, CancellationToken, Task<Outcome<LabStatus>>> order)
    {
        var (a, b) = Ends();
        var name = LabCommand.Name();
        var command = new Command(verb, description) { a, b, name };
        command.SetAction((parsed, cancellation) => LabCommand.WithAsync(parsed, name, terminal, laboratory =>
            ShowAsync(terminal, laboratory, order(laboratory, parsed.GetRequiredValue(a), parsed.GetRequiredValue(b), cancellation))));
        return command;
    }

    private static async Task<int> ShowAsync(Terminal terminal, Laboratory laboratory, Task<Outcome<LabStatus>> order)
    {
        var outcome = await order;
        return outcome.Succeeded ? ExitCode.Done : terminal.Fail(outcome.Problems, LabCommand.FailureOf(laboratory));
    }

    private static (Argument<string> A, Argument<string> B) Ends() =>
        (new Argument<string>("A") { Description = "One end of the link." }, new Argument<string>("B") { Description = "The other end." });

    private static Option<T?> Quantity<T>(string name, string helpName, string description, Parser<T> parser)
        where T : struct => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result =>
            {
                if (parser(result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty, out var value, out var problem))
                {
                    return value;
                }

                result.AddError($"{name}: {problem!.Message} {problem.Hint}".TrimEnd());
                return null;
            },
        };
}
