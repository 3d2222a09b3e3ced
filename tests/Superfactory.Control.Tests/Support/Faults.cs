using Microsoft.Extensions.Logging;

namespace Superfactory.Control.Tests.Support;

/// <summary>A clock that fails while a test wants it to.</summary>
internal sealed class FailingTimeProvider : TimeProvider
{
    public Exception? Fault { get; set; }

    public override long GetTimestamp() => Fault is null ? base.GetTimestamp() : throw Fault;
}

/// <summary>Keeps what is logged, as event and exception.</summary>
internal sealed class LogLines<T> : ILogger<T>
{
    public List<(int Event, Exception? Exception)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add((eventId.Id, exception));
}
