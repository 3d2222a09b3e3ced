using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Api;

/// <summary>Follows a job by the control plane's event stream until the job ends, across restarts of the control plane.</summary>
internal static class JobWatch
{
    /// <summary>How long a control plane may be gone before the watch gives up.</summary>
    public static readonly TimeSpan UnreachableLimit = TimeSpan.FromMinutes(2);

    /// <summary>The stream carries a heartbeat every 5 s; three missed in a row mean that it is dead.</summary>
    private static readonly TimeSpan _silenceLimit = TimeSpan.FromSeconds(15);

    /// <summary>The pause before the next attempt to connect.</summary>
    private static readonly TimeSpan _retryPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Events read ahead of the reader: at 4 measurements a second and site, minutes.</summary>
    private const int EventsAheadMax = 4096;

    /// <summary>
    /// Yields the job as it is now and everything that happens to it. The last event is <see cref="JobEvent.Changed"/> with a job that has
    /// ended, or <see cref="JobEvent.Ended"/>.
    /// </summary>
    public static async IAsyncEnumerable<JobEvent> FollowAsync(
        ControlClient control, long job, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var events = Channel.CreateBounded<JobEvent>(new BoundedChannelOptions(EventsAheadMax) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync(control, job, time, events.Writer, ended.Token);
        try
        {
            await foreach (var happened in events.Reader.ReadAllAsync(cancellation))
            {
                yield return happened;
            }
        }
        finally
        {
            await ended.CancelAsync();
            await reading;
        }
    }

    /// <summary>Whether a job in this state stays in it.</summary>
    public static bool HasEnded(JobState state) => state is JobState.Completed or JobState.Failed or JobState.Cancelled;

    private static async Task ReadAsync(ControlClient control, long job, TimeProvider time, ChannelWriter<JobEvent> events, CancellationToken cancellation)
    {
        var heard = time.GetTimestamp();
        try
        {
            while (true)
            {
                var reason = await ReadStreamAsync(control, job, events, () => heard = time.GetTimestamp(), cancellation);
                if (reason is null)
                {
                    break;
                }

                if (time.GetElapsedTime(heard) > UnreachableLimit)
                {
                    await events.WriteAsync(new JobEvent.Ended(Answer<JobView>.Unreachable(reason)), cancellation);
                    break;
                }

                await events.WriteAsync(new JobEvent.Unreachable(reason.Message), cancellation);
                await Task.Delay(_retryPause, time, cancellation);
            }

            events.Complete();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            events.Complete();
        }
        catch (Exception exception) when (events.TryComplete(exception))
        {
            // The reader throws it.
            return;
        }
    }

    /// <summary>Reads one connection's events; returns why it broke, or null where there is nothing more to watch.</summary>
    private static async Task<Problem?> ReadStreamAsync(
        ControlClient control, long job, ChannelWriter<JobEvent> events, Action heard, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(_silenceLimit);
        try
        {
            // Open first, then ask how the job is: whatever happens in between is in the stream.
            using var response = await control.OpenEventsAsync(job, silence.Token);
            var now = await control.JobAsync(job, silence.Token);
            if (!now.Succeeded)
            {
                if (now.IsUnreachable)
                {
                    return now.Problems[0];
                }

                await events.WriteAsync(new JobEvent.Ended(now), cancellation);
                return null;
            }

            heard();
            await events.WriteAsync(new JobEvent.Changed(now.Value), cancellation);
            if (HasEnded(now.Value.State))
            {
                return null;
            }

            await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
            await using var listening = new HeartbeatStream(stream, () =>
            {
                heard();
                silence.CancelAfter(_silenceLimit);
            });
            await foreach (var item in SseParser.Create(listening).EnumerateAsync(silence.Token))
            {
                if (Parse(item) is not { } happened)
                {
                    continue;
                }

                await events.WriteAsync(happened, cancellation);
                if (happened is JobEvent.Changed changed && HasEnded(changed.Job.State))
                {
                    return null;
                }
            }

            return new Problem("The control plane closed the event stream.");
        }
        catch (HttpRequestException exception) when (exception.StatusCode is { } status && (int)status is >= 400 and < 500)
        {
            var answer = await control.JobAsync(job, cancellation);
            if (answer.Succeeded || answer.IsUnreachable)
            {
                return new Problem($"The control plane refused the event stream with status {(int)status}.");
            }

            await events.WriteAsync(new JobEvent.Ended(answer), cancellation);
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            return new Problem($"The control plane at {control.Address} cannot be reached: {(exception.InnerException ?? exception).Message.TrimEnd('.')}.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Problem($"The control plane at {control.Address} has been silent for {_silenceLimit.TotalSeconds:0} s.");
        }
    }

    private static JobEvent? Parse(SseItem<string> item) => item.EventType switch
    {
        "job" => new JobEvent.Changed(Read<JobView>(item.Data)),
        "site" => new JobEvent.SiteChanged(Read<SiteView>(item.Data)),
        "log" => new JobEvent.Logged(Read<LogLine>(item.Data)),
        "measurement" => new JobEvent.Measured(Read<Measurement>(item.Data)),
        _ => null,
    };

    private static T Read<T>(string data) => JsonSerializer.Deserialize<T>(data, FactoryJson.Options)
        ?? throw new IOException("The control plane sent an event without content.");
}
