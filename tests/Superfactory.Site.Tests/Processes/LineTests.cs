using System.Text;
using Superfactory.Site.Gangs;
using Superfactory.Site.Processes;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Processes;

public sealed class LineTests
{
    [Fact]
    public async Task Lines_come_out_whole_however_the_stream_is_cut_into_pieces()
    {
        string[] expected = ["first", "zweite Zeile: ä€😀", "10%", "20%", "windows", "last without an end"];
        var bytes = Encoding.UTF8.GetBytes("first\n\nzweite Zeile: ä€😀\n10%\r20%\rwindows\r\n\nlast without an end");
        for (var piece = 1; piece <= bytes.Length; piece++)
        {
            var lines = new List<string>();
            await LinePump.Start(new Dribble(bytes, piece), 4096, lines.Add);
            lines.ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData(9, "123456789")]
    [InlineData(10, "1234567890")]
    [InlineData(11, "123456789…")]
    [InlineData(500, "123456789…")]
    public void A_line_longer_than_the_limit_is_cut_and_says_so(int length, string expected)
    {
        var lines = new List<string>();
        var cutter = new LineCutter(10, lines.Add);

        var text = string.Concat(Enumerable.Range(1, length).Select(number => number % 10));
        foreach (var character in text)
        {
            cutter.Add([character]);
        }

        cutter.Add("\nnext\n");
        lines.ShouldBe([expected, "next"]);
    }

    [Fact]
    public async Task A_fault_of_the_reader_reaches_whoever_awaits_the_pump()
    {
        var pump = LinePump.Start(new MemoryStream("line\n"u8.ToArray()), 100, _ => throw new InvalidOperationException("broken"));

        (await Should.ThrowAsync<InvalidOperationException>(pump)).Message.ShouldBe("broken");
    }

    [Fact]
    public void A_gate_lets_a_burst_through_then_counts_what_it_drops_and_opens_again_with_time()
    {
        var clock = new ManualClock();
        var lines = new List<string>();
        var gate = new LogGate(clock, lines.Add);

        Enumerable.Range(0, LogGate.BurstMax + 50).ToList().ForEach(number => gate.Add($"{number}"));
        lines.Count.ShouldBe(LogGate.BurstMax);
        clock.Advance(TimeSpan.FromSeconds(1));
        gate.Add("later");

        lines[^2].ShouldBe("(50 lines were dropped: more than 200 a second)");
        lines[^1].ShouldBe("later");
    }

    [Theory]
    [InlineData(0, "ended with exit code 0")]
    [InlineData(1, "ended with exit code 1")]
    [InlineData(137, "was ended by SIGKILL (someone killed it, or the machine ran out of memory)")]
    [InlineData(139, "was ended by SIGSEGV")]
    [InlineData(200, "ended with exit code 200")]
    public void An_exit_code_is_said_in_words(int code, string expected) => ExitDescription.Of(code).ShouldBe(expected);

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }

    private sealed class Dribble(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(piece, buffer.Length)]);
    }
}
