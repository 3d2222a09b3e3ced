using System.Text;

namespace Superfactory.Control.Tests.Support;

/// <summary>Keeps what is written, and says when the first line is there.</summary>
internal sealed class LineSignal : TextWriter
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();

    public override Encoding Encoding => Encoding.UTF8;

    public TaskCompletionSource<string> FirstLine { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override void Write(char value)
    {
        lock (_lock)
        {
            _text.Append(value);
            if (value == '\n')
            {
                FirstLine.TrySetResult(_text.ToString().Split('\n')[0]);
            }
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            return _text.ToString();
        }
    }
}
