using Spectre.Console;
using Spectre.Console.Rendering;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model.Copies;

namespace Superfactory.Cli.Copies;

/// <summary>Follows a copy until it ends, across restarts of the control plane: drawn over itself where that is possible, else line by line.</summary>
internal static class CopyFollower
{
    /// <summary>Time between two questions to the control plane. Sites report every half second.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Time between two lines while nothing but numbers changes.</summary>
    private static readonly TimeSpan _timeBetweenLines = TimeSpan.FromSeconds(5);

    /// <summary>Follows a copy and returns it as it ended, or why it can no longer be followed.</summary>
    public static async Task<Answer<CopyView>> FollowAsync(Terminal terminal, ControlClient control, CopyView copy, CancellationToken cancellation)
    {
        if (!terminal.IsInteractive)
        {
            return await FollowAsync(terminal, control, copy, Lines(terminal), cancellation);
        }

        Answer<CopyView>? answer = null;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Output) });
        await console.Live(Draw(copy, null, terminal.Width)).StartAsync(async context =>
            answer = await FollowAsync(terminal, control, copy, (shown, unreachable) => context.UpdateTarget(Draw(shown, unreachable, terminal.Width)), cancellation));
        return answer!;
    }

    private static async Task<Answer<CopyView>> FollowAsync(
        Terminal terminal, ControlClient control, CopyView copy, Action<CopyView, string?> show, CancellationToken cancellation)
    {
        var heard = terminal.Time.GetTimestamp();
        show(copy, null);
        while (!CopyText.HasEnded(copy.State))
        {
            await Task.Delay(_pause, terminal.Time, cancellation);
            var answer = await control.CopyAsync(copy.Id, cancellation);
            if (answer.Succeeded)
            {
                (copy, heard) = (answer.Value, terminal.Time.GetTimestamp());
            }
            else if (!answer.IsUnreachable || terminal.Time.GetElapsedTime(heard) > JobWatch.UnreachableLimit)
            {
                return answer;
            }

            show(copy, answer.Succeeded ? null : answer.Problems[0].Message);
        }

        return Answer<CopyView>.Of(copy);
    }

    private static Action<CopyView, string?> Lines(Terminal terminal)
    {
        var (began, shown, at) = (terminal.Time.GetTimestamp(), ((CopyState, string, bool)?)null, TimeSpan.Zero);
        return (copy, unreachable) =>
        {
            var now = terminal.Time.GetElapsedTime(began);
            var state = (copy.State, copy.State == CopyState.Running ? string.Empty : copy.Reason, unreachable is not null);
            if (state != shown || (copy.State == CopyState.Running && now - at >= _timeBetweenLines))
            {
                (shown, at) = (state, now);
                terminal.Line($"{RunDisplayText.Clock(now),6}  {unreachable ?? CopyText.Line(copy)}");
            }
        };
    }

    private static Rows Draw(CopyView copy, string? unreachable, int width) => new(CopyText.Lines(copy, unreachable, width).Select(static (line, index) =>
        (IRenderable)new Text(line, index == 0 ? new Style(decoration: Decoration.Bold) : index == 1 ? new Style(Color.Green) : Style.Plain)));
}
