using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Links;

/// <summary><c>superfactory rates</c> and <c>superfactory link A B</c>.</summary>
internal static class RateCommands
{
    /// <summary>Makes <c>rates</c>.</summary>
    public static Command List(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("rates", "Show what jobs have reserved on each link, and what it carries.") { json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.RatesAsync(cancellation), parsed.GetValue(json), static rates => RateText.Lines(rates))));
        return command;
    }

    /// <summary>Makes <c>link A B</c>.</summary>
    public static Command Change(ControlOption control, Terminal terminal)
    {
        var a = new Argument<string>("A") { Description = "The site at one end." };
        var b = new Argument<string>("B") { Description = "The site at the other." };
        var carries = Settings.Text("--carries", "RATE", "What it carries each way, such as 40mbit.");
        var cut = Settings.Switch("--cut", "It is cut.");
        var restored = Settings.Switch("--restored", "What was said of it is taken back: it carries what it is declared to, or what gateways find.");
        var reason = Settings.Text("--reason", "TEXT", "Why, in a sentence; shown wherever it matters.");
        var json = Settings.Json();
        var command = new Command("link", "Say that a link is cut, carries less, or is restored: what is reserved over it goes other ways, or its job waits.") { a, b, carries, cut, restored, reason, json };
        command.SetAction((parsed, cancellation) =>
        {
            var said = parsed.GetValue(carries);
            if ((said is null ? 0 : 1) + (parsed.GetValue(cut) ? 1 : 0) + (parsed.GetValue(restored) ? 1 : 0) != 1)
            {
                return Task.FromResult(terminal.Fail("link: expected one of --cut, --carries RATE and --restored.", ExitCode.BadInput));
            }

            var rate = default(Bandwidth);
            if (said is not null && !Bandwidth.TryParse(said, out rate, out var problem))
            {
                return Task.FromResult(terminal.Fail($"--carries: {problem.Message}{(problem.Hint is null ? string.Empty : $" {problem.Hint}")}", ExitCode.BadInput));
            }

            var request = new LinkRequest
            {
                A = parsed.GetRequiredValue(a), B = parsed.GetRequiredValue(b), BitsPerSecond = parsed.GetValue(restored) ? null : rate.BitsPerSecond, Reason = parsed.GetValue(reason),
            };
            return control.WithClientAsync(parsed, terminal, async client =>
                terminal.Show(await client.ChangeLinkAsync(request, cancellation), parsed.GetValue(json), static rates => RateText.Lines(rates)));
        });
        return command;
    }
}
