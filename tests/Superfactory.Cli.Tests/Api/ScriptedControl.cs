using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Superfactory.Cli.Api;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Api;

/// <summary>A control plane in memory: answers with what the test put in line for each path, the last one again and again.</summary>
internal sealed class ScriptedControl : HttpMessageHandler
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Func<HttpResponseMessage>>> _answers = new(StringComparer.Ordinal);

    public ControlClient Client() => new(new Uri("http://control.example:7400"), this);

    public ScriptedControl Answers(string path, params Func<HttpResponseMessage>[] answers)
    {
        var queue = _answers.GetOrAdd(path, static _ => new());
        foreach (var answer in answers)
        {
            queue.Enqueue(answer);
        }

        return this;
    }

    public static Func<HttpResponseMessage> Json<T>(T value) =>
        () => Body(HttpStatusCode.OK, "application/json", JsonSerializer.Serialize(value, FactoryJson.Options));

    public static Func<HttpResponseMessage> Refuses(HttpStatusCode status, params Problem[] problems) => () => Body(
        status, "application/problem+json", JsonSerializer.Serialize(new { Title = "Refused.", Status = (int)status, Problems = problems }, FactoryJson.Options));

    public static Func<HttpResponseMessage> Text(HttpStatusCode status, string text) => () => Body(status, "text/html", text);

    public static Func<HttpResponseMessage> Gone() => static () => throw new HttpRequestException("Connection refused");

    /// <summary>An event stream that ends after its events, as that of a control plane that is stopped.</summary>
    public static Func<HttpResponseMessage> Events(params (string Event, object Data)[] events) => () => Body(
        HttpStatusCode.OK,
        "text/event-stream",
        ": heartbeat\n\n" + string.Concat(events.Select(static item => $"event: {item.Event}\ndata: {JsonSerializer.Serialize(item.Data, item.Data.GetType(), FactoryJson.Options)}\n\n")));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (!_answers.TryGetValue(path, out var queue))
        {
            return Task.FromResult(Refuses(HttpStatusCode.NotFound, new Problem($"There is nothing at {path}."))());
        }

        return Task.FromResult(queue.Count > 1 && queue.TryDequeue(out var next) || queue.TryPeek(out next) ? next() : throw new InvalidOperationException(path));
    }

    private static HttpResponseMessage Body(HttpStatusCode status, string type, string text) =>
        new(status) { Content = new StringContent(text, Encoding.UTF8, type) };
}

/// <summary>A clock on which every wait is over at once and has taken as long as it was meant to.</summary>
internal sealed class InstantTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Add(ref _ticks, Math.Max(0, dueTime.Ticks));
        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
