using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging;

public sealed class ChunkSetTests
{
    [Fact]
    public void Set_holds_what_was_put_in_once_and_comes_back_from_its_bytes()
    {
        for (var chunks = 1; chunks < 200; chunks += 13)
        {
            var set = new ChunkSet(chunks);
            for (var chunk = 0; chunk < chunks; chunk += 3)
            {
                set.Add(chunk).ShouldBeTrue();
                set.Add(chunk).ShouldBeFalse();
            }

            var back = new ChunkSet(chunks);
            back.Take(set.ToBytes(), chunks);

            back.Count.ShouldBe(set.Count);
            Enumerable.Range(0, chunks).ShouldAllBe(chunk => back.Contains(chunk) == (chunk % 3 == 0));
            back.Remove(0);
            back.Remove(0);
            back.Count.ShouldBe(set.Count - 1);
            back.Clear();
            back.ToBytes().ShouldBeEmpty();
        }
    }

    [Fact]
    public void Bytes_of_more_or_fewer_chunks_than_there_are_name_none_that_there_is_not()
    {
        var set = new ChunkSet(10);

        set.Take([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 10);
        set.Count.ShouldBe(10);
        set.Take([0x03], 10);
        set.Count.ShouldBe(2);
        set.Take([0xFF], 5);
        set.Count.ShouldBe(5);
    }
}
