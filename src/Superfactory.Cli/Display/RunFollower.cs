using Spectre.Console;
using Spectre.Console.Rendering;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Display;

/// <summary>Follows a job on the terminal until it ends: drawn over itself four times a second where that is possible, else line by line.</summary>
internal static class RunFollower
{
    private static readonly TimeSpan _redraw = TimeSpan.FromMilliseconds(250);

    /// <summary>Follows a job and returns it as it ended, or why it can no longer be followed.</summary>
    public static Task<Answer<JobView>> FollowAsync(Terminal terminal, ControlClient control, long job, CancellationToken cancellation) =>
        terminal.IsInteractive ? DrawAsync(terminal, control, job, cancellation) : WriteAsync(terminal, control, job, cancellation);

    private static async Task<Answer<JobView>> WriteAsync(Terminal terminal, ControlClient control, long job, CancellationToken cancellation)
    {
        var (display, pace, began) = (new RunDisplay(), new PlainPace(), terminal.Time.GetTimestamp());
        await foreach (var happened in JobWatch.FollowAsync(control, job, terminal.Time, cancellation))
        {
            var now = terminal.Time.GetElapsedTime(began);
            display = display.With(happened, now);
            if (pace.Next(display, now) is { } line)
            {
                terminal.Line($"{RunDisplayText.Clock(now),6}  {line}");
            }

            if (EndOf(happened) is { } end)
            {
                return end;
            }
        }

        throw new OperationCanceledException(cancellation);
    }

    private static async Task<Answer<JobView>> DrawAsync(Terminal terminal, ControlClient control, long job, CancellationToken cancellation)
    {
        var (display, began) = (new RunDisplay(), terminal.Time.GetTimestamp());
        Answer<JobView>? answer = null;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Output) });
        await console.Live(Draw(display, TimeSpan.Zero, terminal.Width)).StartAsync(async context =>
        {
            await using var events = JobWatch.FollowAsync(control, job, terminal.Time, cancellation).GetAsyncEnumerator(cancellation);
            var next = events.MoveNextAsync().AsTask();
            var pause = Task.Delay(_redraw, terminal.Time, CancellationToken.None);
            while (answer is null)
            {
                if (await Task.WhenAny(next, pause) == next)
                {
                    if (!await next)
                    {
                        throw new OperationCanceledException(cancellation);
                    }

                    display = display.With(events.Current, terminal.Time.GetElapsedTime(began));
                    answer = EndOf(events.Current);
                    next = answer is null ? events.MoveNextAsync().AsTask() : next;
                }

                if (pause.IsCompleted || answer is not null)
                {
                    context.UpdateTarget(Draw(display, terminal.Time.GetElapsedTime(began), terminal.Width));
                    pause = Task.Delay(_redraw, terminal.Time, CancellationToken.None);
                }
            }
        });
        return answer!;
    }

    private static Answer<JobView>? EndOf(JobEvent happened) => happened switch
    {
        JobEvent.Changed(var job) when JobWatch.HasEnded(job.State) => Answer<JobView>.Of(job),
        JobEvent.Ended(var answer) => answer,
        _ => null,
    };

    private static Rows Draw(RunDisplay display, TimeSpan now, int width) =>
        new(RunDisplayText.Lines(display, now, width).Select(static (line, index) => (IRenderable)new Text(line, StyleOf(index))));

    private static Style StyleOf(int line) => line switch
    {
        0 => new Style(decoration: Decoration.Bold),
        1 => new Style(Color.Green),
        2 => new Style(decoration: Decoration.Dim),
        _ => Style.Plain,
    };
}
